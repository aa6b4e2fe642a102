"""Checkpoints that record what a training must find again when it resumes: its data, and how much is held out."""

from __future__ import annotations

from typing import Any, ClassVar

from fairseq.tasks import FairseqTask


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
    """A task whose checkpoints record a fingerprint of its data and are refused on others.

    Other data with as many symbols would load without an error, and every index would mean another symbol.

    Attributes:
        recorded_as: name of the fingerprint in a checkpoint.
    """

    recorded_as: ClassVar[str]
    _fingerprint: str | None = None  # of the data; None: unknown
    _trained_on: str | None = None  # the fingerprint in the checkpoint that was loaded last

    def other_data(self) -> str:
        """What is wrong if the data are not those of the checkpoint: names the file, and what differs."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint records of the task: also the fingerprint of its data, if it is known."""
        state = {name: value for name, value in super().state_dict().items() if name != self.recorded_as}
        return {**state, **self._record()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what a checkpoint records of the task; fairseq calls this where it translates and scores.

        Raises:
            ValueError: the checkpoint was trained on other data.
        """
        super().load_state_dict(state_dict)
        self._trained_on = state_dict.get(self.recorded_as)
        self._check(self._trained_on, "name their folder")

    def set_checkpoint_dict(self, state: dict[str, Any]) -> None:
        """See `RecordsSizes.set_checkpoint_dict`."""
        self._check(state.get(self.recorded_as), "name their folder, or start again with another --save-dir")
        super().set_checkpoint_dict(state)

    def _resume_record(self) -> dict[str, Any]:
        return {**super()._resume_record(), **self._record()}

    def _record(self) -> dict[str, str]:
        return {} if self._fingerprint is None else {self.recorded_as: self._fingerprint}

    def _check(self, trained_on: str | None, remedy: str) -> None:
        if None not in (trained_on, self._fingerprint) and trained_on != self._fingerprint:
            raise ValueError(f"{self.other_data()}; {remedy}")
