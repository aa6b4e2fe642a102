"""Trained models as objects: raw Chinese in, readable English out.

from reencoder.hub import Reencoder

model = Reencoder.from_pretrained("checkpoints")
model.translate("我想要两个苹果。")
"""

from .checkpoints import CHECKPOINTS, find_checkpoint
from .model import Reencoder, TooLongError
from .options import SearchOptions
from .translation import TokenScores, Translation

__all__ = [
    "CHECKPOINTS",
    "Reencoder",
    "SearchOptions",
    "TokenScores",
    "TooLongError",
    "Translation",
    "find_checkpoint",
]
