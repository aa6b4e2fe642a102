"""The Reencoder: Grid LSTM translation (Kalchbrenner, Danihelka, Graves, ICLR 2016) as a fairseq plugin.

Importing this package registers its models, tasks, criterion and optimizer with fairseq as soon as fairseq itself is
imported, whichever comes first. fairseq's programs do that with `--user-dir reencoder`. `reencoder.grid` is pure torch:
importing it imports no fairseq.
"""

from ._registration import register_with_fairseq

__version__ = "0.1.0"

register_with_fairseq()
