"""The Reencoder: Grid LSTM translation (Kalchbrenner, Danihelka, Graves, ICLR 2016) as a fairseq plugin.

Importing this package registers its models, tasks, criterions, optimizer and tokenizer with fairseq as soon as fairseq
itself is imported, whichever comes first, and lets torch load fairseq's checkpoints. fairseq's programs import it with
`--user-dir reencoder`. `reencoder.grid` is pure torch: importing it imports no fairseq.
"""

from ._after_import import after_import

__version__ = "0.1.0"

after_import("torch", f"{__name__}.safe_loading")
after_import("fairseq", f"{__name__}.plugin")
