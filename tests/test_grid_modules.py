"""What holds for all modules: compilation, inference mode, empty batches."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reencoder.grid import GridLSTM1d, GridLSTM2d, GridLSTM3d, State
from tests.grids import assert_all_close, double_precision  # noqa: F401

BATCH, D = 3, 5

pytestmark = pytest.mark.usefixtures("double_precision")


@pytest.mark.parametrize("model", ["1d", "2d", "2d relu", "3d"])
def test_compiled_is_eager(model: str) -> None:
    module: nn.Module = {
        "1d": lambda: GridLSTM1d(2, D, 3),
        "2d": lambda: GridLSTM2d(2, D, 3, untied=True),
        "2d relu": lambda: GridLSTM2d(2, D, 2, depth="relu"),
        "3d": lambda: GridLSTM3d(2, D, 2),
    }[model]()
    words = torch.randn({"1": (BATCH, 2), "2": (4, BATCH, 2), "3": (3, 4, BATCH, 2)}[model[0]])
    compiled = torch.compile(module, backend="aot_eager")
    results = []
    for function in (module, compiled):
        output = function(words)
        top = output if isinstance(output, State) else output[0]
        results.append([*top, *torch.autograd.grad(top.hidden.square().sum(), list(module.parameters()))])
    assert_all_close(results[0], results[1])


def test_compiled_planes_follow_their_weights_in_evaluation() -> None:
    torch.set_default_dtype(torch.float32)  # weights are packed in single precision
    module, picture = GridLSTM3d(2, D, 2).eval(), torch.randn(3, 4, BATCH, 2)
    compiled = torch.compile(module, backend="aot_eager")
    with torch.no_grad():
        before = compiled(picture)[0].hidden
        module.stack.weights[0].mul_(-0.5)
        after = compiled(picture)[0].hidden
        assert not torch.allclose(after, before)
        torch.testing.assert_close(after, module(picture)[0].hidden)


def _models(steps: int = 3) -> list[tuple[nn.Module, Tensor]]:
    return [
        (GridLSTM2d(2, D, 2), torch.randn(steps, BATCH, 2)),
        (GridLSTM2d(2, D, 2, untied=True), torch.randn(steps, BATCH, 2)),
        (GridLSTM2d(2, D, 2, depth="relu", untied=True), torch.randn(steps, BATCH, 2)),
        (GridLSTM3d(2, D, 2, depth="relu", depth_priority=1), torch.randn(steps, 4, BATCH, 2)),
    ]


def test_training_goes_on_after_inference_mode() -> None:
    """What is cached of a layout must not be a tensor of inference mode."""
    for model, words in _models(13):  # extents that no other test has
        with torch.inference_mode():
            model(words)
        model(words)[0].hidden.sum().backward()


def test_an_empty_batch_gives_empty_results() -> None:
    for model, words in _models():
        top = model(words[..., :0, :])[0]
        assert top.hidden.numel() == 0
        top.hidden.sum().backward()


@pytest.mark.parametrize("depth", ["lstm", "relu"])
@pytest.mark.parametrize("priority", [0, 1])
def test_dropout_keeps_the_type_of_states(depth: Any, priority: int) -> None:
    """Its factors are not in half precision, the states of a model in half precision are."""
    options: dict[str, Any] = {"depth": depth, "depth_priority": priority, "dropout": 0.3}
    for model, words in (
        (GridLSTM2d(2, D, 2, **options), torch.randn(3, BATCH, 2)),
        (GridLSTM3d(2, D, 2, **options), torch.randn(3, 4, BATCH, 2)),
    ):
        top, _ = model.bfloat16()(words.bfloat16())
        assert {part.dtype for part in top} == {torch.bfloat16}
        top.hidden.sum().backward()
