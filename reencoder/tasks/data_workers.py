"""Data workers that start and end with each epoch."""

# No `from __future__ import annotations`: as in the tasks that use it.
from typing import Any

from fairseq.tasks import FairseqTask


class FreshWorkers(FairseqTask):
    """A task whose data workers do not outlive an epoch, and which uses no thread that buffers batches.

    fairseq's thread waits until such workers have ended, and nobody waits for the thread. If the program ends just when
    the thread frees its last batch, Python stops it within torch's code, which aborts the process: status 134,
    "terminate called without an active exception", after right results. The workers fetch batches in advance anyway.
    """

    def get_batch_iterator(self, *args: Any, **kwargs: Any) -> Any:
        """Iterate over the batches as fairseq's task does; `data_buffer_size` has no effect."""
        return super().get_batch_iterator(*args, **{**kwargs, "data_buffer_size": 0})
