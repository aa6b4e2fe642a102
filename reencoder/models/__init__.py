"""The fairseq models; importing a module of this package registers its model."""

from ..compat import require_fairseq

require_fairseq()
