"""The Reencoder: Grid LSTM translation (Kalchbrenner, Danihelka, Graves, ICLR 2016) as a fairseq plugin.

`--user-dir reencoder` imports this package, and that registers the models, tasks, criterion and optimizer. Where
fairseq is not installed at all, `reencoder.grid`, which is pure torch, can still be imported.
"""

from importlib.util import find_spec

__version__ = "0.1.0"

if find_spec("fairseq") is not None:
    from .compat import allow_checkpoints, keep_freed_memory, require_fairseq

    require_fairseq()
    allow_checkpoints()
    keep_freed_memory()
    from .criterions import symbol_cross_entropy as _criterions  # noqa: F401
    from .models import baselines, grid_lstm  # noqa: F401
    from .models import reencoder as _models  # noqa: F401
    from .optim import muon as _optimizers  # noqa: F401
    from .tasks import grid_addition, grid_memorization, grid_parity  # noqa: F401
    from .tasks import reencoder_translation as _tasks  # noqa: F401
