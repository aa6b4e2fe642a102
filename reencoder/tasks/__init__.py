"""The fairseq tasks; importing a module of this package registers its task."""

from ..compat import require_fairseq

require_fairseq()
