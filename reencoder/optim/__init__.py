"""The fairseq optimizers; importing a module of this package registers its optimizer."""

from ..compat import require_fairseq

require_fairseq()
