"""Everything that the plugin registers with fairseq; importing this module does it."""

from .compat import require_fairseq

require_fairseq()

from . import tokenizer  # noqa: E402, F401
from .criterions import cross_entropy_with_accuracy, rdrop  # noqa: E402, F401
from .models import image, language_model, reencoder, sequence, string  # noqa: E402, F401
from .optim import muon  # noqa: E402, F401
from .safe_loading import allow_broadcasts  # noqa: E402
from .tasks import (  # noqa: E402, F401
    grid_addition,
    grid_char_lm,
    grid_memorization,
    grid_mnist,
    grid_parity,
    reencoder_translation,
)

allow_broadcasts()
