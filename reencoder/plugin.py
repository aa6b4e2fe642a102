"""Everything that the plugin registers with fairseq; importing this module does it."""

from .compat import require_fairseq

require_fairseq()

from .criterions import cross_entropy_with_accuracy  # noqa: E402, F401
from .models import reencoder, sequence, string  # noqa: E402, F401
from .optim import muon  # noqa: E402, F401
from .tasks import grid_addition, grid_memorization, grid_parity, reencoder_translation  # noqa: E402, F401
