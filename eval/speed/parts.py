"""Where the time of a training step goes, by part of the model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from .measure import clock


class Parts:
    """Measures the parts of training steps.

    The backward pass of a part lasts from the gradient of its outputs to the last gradient of its inputs, since
    autograd goes through the parts in reverse.

    Args:
        model: a Reencoder.
    """

    def __init__(self, model: Any) -> None:
        self._times: dict[str, list[float]] = defaultdict(list)
        self._sum: dict[str, float] = defaultdict(float)
        self._arrivals: dict[str, float] = {}
        self._started: dict[str, float] = {}
        decoder = model.decoder
        self._hooks = [
            hook
            for name, modules in (
                ("words", (model.encoder.words, decoder.words)),
                ("grid", (decoder.grid,)),
                ("readout", (decoder.readout,)),
                ("output layer", (decoder.output,)),
            )
            for module in modules
            for hook in self._watch(name, module)
        ]

    def _watch(self, name: str, module: nn.Module) -> Iterable[Any]:
        def before(_: nn.Module, arguments: Any, options: Any) -> None:
            self._started[name] = clock()

        def after(_: nn.Module, arguments: Any, output: Any) -> None:
            self._sum[f"{name}, forward"] += clock() - self._started[name]
            for tensor in tree_leaves(output):
                if isinstance(tensor, Tensor) and tensor.requires_grad:
                    tensor.register_hook(self._arrived(name))

        yield module.register_forward_pre_hook(before, with_kwargs=True)
        yield module.register_forward_hook(after)

    def _arrived(self, name: str) -> Callable[[Tensor | None], None]:
        def hook(gradient: Tensor | None) -> None:
            if gradient is not None:  # outputs that nothing reads get None later, together with others of their node
                self._arrivals[name] = clock()

        return hook

    def step(self, learn: tuple[Callable[[], Any], Callable[[Any], None]], update: Callable[[], None]) -> None:
        """Do and measure one training step.

        Args:
            learn: the forward pass, which returns the loss, and the backward pass, which takes it.
            update: updates the parameters.
        """
        self._sum.clear()
        self._arrivals.clear()
        started = clock()
        loss = learn[0]()
        turned = clock()
        learn[1](loss)
        learned = clock()
        update()
        updated = clock()
        forward = sum(self._sum.values())
        # The gradients of a part's outputs arrive in the order of the backward pass.
        marks = [turned, *(self._arrivals[name] for name in ("output layer", "readout", "grid", "words"))]
        self._sum["softmax and loss, forward"] = turned - started - forward
        parts = ("softmax and loss", "output layer", "readout", "grid", "words")
        for part, begun, ended in zip(parts, marks, [*marks[1:], learned], strict=True):
            self._sum[f"{part}, backward"] = ended - begun
        self._sum["optimizer"] = updated - learned
        for name, taken in self._sum.items():
            self._times[name].append(taken)

    def shares(self, batches: int, data: float) -> dict[str, float]:
        """Return the fraction of the time by part: of the median time of each batch.

        Args:
            batches: the steps were taken on that many batches in turn.
            data: seconds that it takes to load these batches.
        """
        sums = {name: sum(median(taken[at::batches]) for at in range(batches)) for name, taken in self._times.items()}
        sums["data"] = data
        total = sum(sums.values())
        return {name: taken / total for name, taken in sums.items()}

    def close(self) -> None:
        """Stop watching the model."""
        for hook in self._hooks:
            hook.remove()
