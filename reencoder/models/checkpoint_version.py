"""The version of the checkpoint format, saved in every checkpoint of our models."""

from __future__ import annotations

from typing import Any

import torch
from fairseq.models import BaseFairseqModel
from torch import Tensor, nn

CHECKPOINT_VERSION = 2
"""Incremented whenever older checkpoints can no longer be loaded; see CHANGELOG.md."""

_KEY = "checkpoint_version._extra_state"


class CheckpointVersion(nn.Module):
    """Part of a model without parameters that is saved with it."""

    def get_extra_state(self) -> Tensor:
        """What torch saves, shape ()."""
        return torch.tensor(CHECKPOINT_VERSION)

    def set_extra_state(self, state: Tensor) -> None:
        """Nothing to load: `VersionedModel` has checked it."""


class VersionedModel(BaseFairseqModel):
    """A fairseq model that refuses checkpoints of another format before torch complains about their keys.

    Attributes:
        version_records: parts without parameters in which a task saves what it has to know where the model is loaded.
            They may be missing in a checkpoint; those of another task are left out. fairseq's moving average leaves
            parts alone whose names contain "version".
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.checkpoint_version = CheckpointVersion()
        self.version_records = nn.ModuleDict()

    def load_state_dict(self, state_dict: Any, strict: bool = True, *args: Any, **kwargs: Any) -> Any:
        """Load a checkpoint, or with `strict=False` the parameters alone, as fairseq's moving average does."""
        if not strict:
            state_dict = {_KEY: torch.tensor(CHECKPOINT_VERSION), **state_dict}
        return super().load_state_dict(state_dict, strict, *args, **kwargs)

    def upgrade_state_dict_named(self, state_dict: dict[str, Any], name: str) -> None:
        """Check the version; fairseq calls this before it loads a checkpoint.

        Raises:
            ValueError: the checkpoint has another format.
        """
        super().upgrade_state_dict_named(state_dict, name)
        start = f"{name}.version_records." if name else "version_records."
        own = {f"{start}{key}._extra_state": record for key, record in self.version_records.items()}
        for key in [key for key in state_dict if key.startswith(start) and key not in own]:
            del state_dict[key]
        for key, record in own.items():
            state_dict.setdefault(key, record.get_extra_state())
        version = state_dict.get(f"{name}.{_KEY}" if name else _KEY)
        if version is None or int(version) != CHECKPOINT_VERSION:
            found = "before the first release (0.1.0)" if version is None else f"with checkpoint format {int(version)}"
            raise ValueError(
                f"this checkpoint was written {found}, and this version reads only format {CHECKPOINT_VERSION}: train "
                "the model again, or use the version that wrote it; CHANGELOG.md says which versions read which"
            )
