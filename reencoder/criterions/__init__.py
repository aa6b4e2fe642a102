"""The fairseq criterions; importing a module of this package registers its criterion."""

from ..compat import require_fairseq

require_fairseq()
