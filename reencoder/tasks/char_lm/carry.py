"""States on their way from each batch to the next.

Models take states and return them, and keep none. The task keeps them, for each model and split, so that they leak
neither between training and validation nor between the models of an ensemble. Those of the training are saved with the
model, and a training that is resumed in mid-epoch goes on with them. Axes: `L` layers, `rows` streams, `d` hidden size.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, distributed, nn

from .dataset import Place
from .streams import Plan

States = tuple[Tensor, Tensor]
"""Hidden and memory vectors, shape (L, rows, d) each."""


@runtime_checkable
class HasStates(Protocol):
    """The output of a model that can go on where it stopped."""

    @property
    def states(self) -> States | None: ...


_HEAD = 18
"""How many numbers precede the states in what is saved."""

TRAINING = "training"
"""Where the states of the training are held, apart from those of a validation, also of one on the same text."""


@dataclass
class Held:
    """The states of the training or of the validation on one split.

    Attributes:
        next: number of the batch that the states in `leaving` enter; -1 if there are none.
        plan: the plan that the batches belong to; None if there are none.
        leaving: what left the last batch.
        entering: what entered each batch of the current update, in case that one of them is computed again.
        update: number of the current update.
    """

    next: int = -1
    plan: Plan | None = None
    leaving: States | None = None
    entering: dict[int, States | None] = field(default_factory=dict)
    update: int = -1


class Carry(nn.Module):
    """The states of one model; a part of it without parameters, whose training states are saved with it.

    The model itself never reads this part. It is saved as one tensor of floating-point numbers, shape (workers, n),
    of the same shape at all times of a training once it has seen a batch; see `_pack`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[str, Held] = {}
        self._all_workers: Tensor | None = None
        self._average: Tensor | None = None

    def enter(self, place: Place, rows: int, update: int = -1) -> States | None:
        """Return the states that enter a batch.

        Args:
            place: where the batch stands.
            rows: number of its rows.
            update: number of the update that it is part of; -1 in a validation.

        Returns:
            The states, or None for zeros.

        Raises:
            ValueError: the states for this batch are not known, because another came before.
        """
        held = self._held.setdefault(TRAINING if update >= 0 else place["split"], Held())
        number, states = place["number"], None
        if not place["begins"]:
            if held.plan is not None and held.plan != place["plan"]:
                raise ValueError(
                    f"{place['split']}: training stopped in the middle of a sequence, with other batches (characters, "
                    "--sequence-length, --truncate-every, --batch-size, workers: "
                    f"{astuple(held.plan)}, now {astuple(place['plan'])}); give the same options, or "
                    "--reset-dataloader to begin an epoch"
                )
            if number == held.next and held.leaving is not None and held.leaving[0].size(1) >= rows:
                hidden, memory = (part[:, :rows] for part in held.leaving)
                states = (hidden, memory)
            elif number in held.entering:
                states = held.entering[number]
            else:
                raise ValueError(
                    f"{place['split']}: batch {number} came out of order, its states are unknown; batches must not be "
                    "shuffled or left out, as fairseq-train leaves one out for which the memory did not suffice"
                )
        if update != held.update or update < 0:
            held.entering, held.update = {}, update
        held.entering[number] = states
        return states

    def leave(self, place: Place, states: States, update: int = -1) -> None:
        """Keep the states that left a batch, see `enter`; no gradient flows back through them."""
        held = self._held[TRAINING if update >= 0 else place["split"]]
        self._average = None
        held.next, held.plan = place["number"] + 1, place["plan"]
        held.leaving = (states[0].detach(), states[1].detach())

    def share(self) -> None:
        """Let the first worker, which saves the model, know the training states of all; every worker must call this."""
        if not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() == 1:
            return
        own = self._pack()
        gathered = [torch.empty_like(own) for _ in range(distributed.get_world_size())]
        distributed.all_gather(gathered, own)
        self._all_workers = torch.stack(gathered)

    def get_extra_state(self) -> Tensor:
        """What torch saves."""
        if self._average is not None:
            return self._average.clone()
        return self._pack()[None] if self._all_workers is None else self._all_workers.clone()

    def set_extra_state(self, state: Tensor) -> None:
        """Restore what `get_extra_state` returned: each worker its own states.

        The average of such tensors, which fairseq's moving average (`--store-ema`) sets and reads after every update,
        holds no states; it is kept as it is.
        """
        self._held, self._all_workers, self._average = {}, None, None
        if not torch.equal(state[:, :_HEAD], state[:, :_HEAD].round()):
            self._average = state.clone()
            return
        rank = distributed.get_rank() if distributed.is_available() and distributed.is_initialized() else 0
        # With fewer workers than now, the plan that is unpacked differs from the present one and says so.
        held = self._unpack(state[min(rank, len(state) - 1)])
        if held is not None:
            self._held[TRAINING] = held

    # Numbers are saved in the type of the states, at least float32, which is exact to 2**24: each is split in two.

    def _pack(self) -> Tensor:
        held = self._held.get(TRAINING)
        if held is None or held.plan is None or held.leaving is None:
            return torch.zeros(0)
        hidden, memory = held.leaving
        missing = held.plan.streams - hidden.size(1)
        padded = torch.stack([nn.functional.pad(part, (0, 0, 0, missing)) for part in (hidden, memory)])
        numbers = [held.next, *astuple(held.plan), hidden.size(1), *hidden.shape[::2]]
        kind = torch.promote_types(padded.dtype, torch.float32)
        head = torch.tensor([divmod(n, 1 << 20) for n in numbers], dtype=kind, device=padded.device).flatten()
        return torch.cat([head, padded.to(kind).flatten()])

    @staticmethod
    def _unpack(state: Tensor) -> Held | None:
        if not len(state):
            return None
        head = state[:_HEAD].reshape(-1, 2)
        following, *numbers, rows, layers, size = ((int(high) << 20) + int(low) for high, low in head)
        plan = Plan(*numbers)
        hidden, memory = state[_HEAD:].reshape(2, layers, plan.streams, size)[:, :, :rows].clone()
        return Held(following, plan, (hidden, memory))

    def extra_repr(self) -> str:
        held = self._held.get(TRAINING, Held())
        return f"next={held.next}"


class Carrying:
    """A model that gets the states of the batch before, and whose states are kept for the batch after.

    It takes the place of the model in one call of the criterion.

    Args:
        model: the model.
        carry: its states.
        place: where the batch stands.
        update: see `Carry.enter`.
    """

    def __init__(self, model: Any, carry: Carry, place: Place, update: int = -1) -> None:
        self._model, self._carry, self._place, self._update = model, carry, place, update

    def __call__(self, src_tokens: Tensor, **net_input: Any) -> Any:
        """Call the model.

        Raises:
            ValueError: it returns no states.
        """
        states = self._carry.enter(self._place, len(src_tokens), self._update)
        if states is not None:
            like = next(self._model.parameters())
            states = (states[0].to(like), states[1].to(like))
        output = self._model(src_tokens=src_tokens, states=states, **net_input)
        leaving = output.states if isinstance(output, HasStates) else None
        if leaving is None:
            raise ValueError(
                "--arch: the model returns no states to go on with; choose one that does, such as grid_lstm_lm"
            )
        self._carry.leave(self._place, leaving, self._update)
        return output

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)
