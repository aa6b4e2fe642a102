"""Checkpoints that record what a training must find again when it resumes: its data, and how much is held out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from fairseq.tasks import FairseqTask
from torch import Tensor, nn


class RecordsSizes(FairseqTask):
    """A task whose training resumes only with as much data held out as before."""

    def sizes(self) -> dict[str, int]:
        """What must not change when a training resumes, by option or quantity. Default: nothing"""
        return {}

    def get_checkpoint_dict(self) -> dict[str, Any]:
        """What fairseq-train gives back to this task when it resumes (`load_state_dict` is not called there)."""
        record = self._resume_record()
        return {type(self).__name__: record} if record else {}

    def set_checkpoint_dict(self, state: dict[str, Any]) -> None:
        """Check that a training resumes with the data with which it began.

        Raises:
            ValueError: it does not.
        """
        for name, size in self.sizes().items():
            before = state.get(name, size)
            if before != size:
                raise ValueError(
                    f"{name}: the training began with {before}, not {size}, so that what was held out may now be "
                    "trained with; resume with the same data and options, or start again with another --save-dir"
                )

    def _resume_record(self) -> dict[str, Any]:
        return dict(self.sizes())


class RecordsData(RecordsSizes):
    """A task whose checkpoints record what their data mean, and are refused on others.

    Other data with as many symbols would load without an error, and every index would mean another symbol. fairseq
    loads the record of a task where it translates and where a training resumes, but not where a training starts from
    the parameters of another (`--finetune-from-model`, `--restore-file` with `--reset-dataloader`). So models that
    take records (`TakesRecords`) have one, too.

    Attributes:
        recorded_as: name of the fingerprint of the data in a checkpoint.
        also_recorded: names of what else `data_record` has.
        keeps: why a training cannot start from the parameters of a model of other data, and what to do instead.
    """

    recorded_as: ClassVar[str]
    also_recorded: ClassVar[tuple[str, ...]] = ()
    keeps: ClassVar[str] = "a model keeps the symbols of its training: name its data, or start without its checkpoint"
    _fingerprint: str | None = None  # of the data; None: unknown
    _trained_on: str | None = None  # the fingerprint in the checkpoint that was loaded last

    def other_data(self) -> str:
        """What is wrong if the data are not those of the checkpoint: names the file, and what differs."""
        raise NotImplementedError

    def data_record(self) -> dict[str, str]:
        """What a checkpoint records of the data, by name. Default: their fingerprint, if it is known"""
        return {} if self._fingerprint is None else {self.recorded_as: self._fingerprint}

    def check_data(self, record: Mapping[str, Any], remedy: str) -> None:
        """Compare the data with what a checkpoint records; what it does not record is not compared.

        Args:
            record: what the checkpoint records.
            remedy: what to do if its data are others.

        Raises:
            ValueError: the data are others.
        """
        trained_on = record.get(self.recorded_as)
        if None not in (trained_on, self._fingerprint) and trained_on != self._fingerprint:
            raise ValueError(f"{self.other_data()}; {remedy}")

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """The model, with a record of the data; see fairseq's task."""
        return self.with_record(super().build_model(cfg, from_checkpoint))

    def with_record(self, model: Any) -> Any:
        """Give a model that takes records one of the data, and return it."""
        record = self.data_record()
        if record and isinstance(model, TakesRecords):
            model.version_records["data"] = DataRecord(record, lambda found: self.check_data(found, self.keeps))
        return model

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint records of the task: also that of its data."""
        names = (self.recorded_as, *self.also_recorded)
        others = {name: value for name, value in super().state_dict().items() if name not in names}
        return {**others, **self.data_record()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what a checkpoint records of the task; fairseq calls this where it translates and scores.

        Raises:
            ValueError: the checkpoint was trained on other data.
        """
        super().load_state_dict(state_dict)
        self._trained_on = state_dict.get(self.recorded_as)
        self.check_data(state_dict, "name their folder")

    def set_checkpoint_dict(self, state: dict[str, Any]) -> None:
        """See `RecordsSizes.set_checkpoint_dict`."""
        self.check_data(state, "name their folder, or start again with another --save-dir")
        super().set_checkpoint_dict(state)

    def _resume_record(self) -> dict[str, Any]:
        return {**super()._resume_record(), **self.data_record()}


@runtime_checkable
class TakesRecords(Protocol):
    """A model that saves what a task puts into `version_records`, and loads checkpoints with other records or none."""

    version_records: nn.ModuleDict


class DataRecord(nn.Module):
    """Part of a model without parameters that is saved with it and refuses checkpoints of other data.

    Args:
        record: what to save.
        check: called with what a checkpoint has saved; raises a ValueError if that is of other data.
    """

    def __init__(self, record: Mapping[str, str], check: Callable[[Mapping[str, Any]], None]) -> None:
        super().__init__()
        self._record = dict(record)
        self._check: Callable[[Mapping[str, Any]], None] | None = check

    def __getstate__(self) -> dict[str, Any]:
        """A pickled or deep copy, as in another process or a moving average, has no task that could check."""
        return {**self.__dict__, "_check": None}

    def get_extra_state(self) -> Tensor:
        """What torch saves: the bytes of the record as JSON, int64, so that a mean of equal ones is exact."""
        return torch.tensor(list(json.dumps(self._record, sort_keys=True).encode()))

    def set_extra_state(self, state: Tensor) -> None:
        """Check what `get_extra_state` returned.

        Raises:
            ValueError: the model was trained on other data.
        """
        if self._check is not None:
            self._check(json.loads(bytes(state.tolist())))
