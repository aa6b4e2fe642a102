"""The modules: against torch's LSTMs, in pieces, under compilation, and what they refuse."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from reencoder.grid import GridLSTM, GridLSTM1d, GridLSTM2d, GridLSTM3d, State
from reencoder.grid.dimension import KINDS, Dimension
from reencoder.grid.planes import DepthWeights, compute_plane, scan_index
from reencoder.grid.reference import grid_reference
from tests.grids import assert_all_close

BATCH, D = 3, 5


@pytest.fixture(autouse=True)
def double_precision() -> Any:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def _gates(weight: Tensor) -> Tensor:
    """torch's order of the gates, i f g o, from ours, u f o c (u is i, c is g), along the first axis."""
    u, f, o, c = weight.chunk(4)
    return torch.cat([u, f, c, o])


def test_one_dimension_is_torchs_lstm_cell_run_without_input() -> None:
    """Section 3 for N = 1 under the common output form: the layers of a 1-LSTM are the steps of an LSTM cell."""
    grid = GridLSTM(D, [Dimension()], [6], output_form="o_tanhm")
    cell = nn.LSTMCell(1, D)
    with torch.no_grad():
        cell.weight_hh.copy_(_gates(grid.weights[0][0]))
        cell.bias_ih.copy_(_gates(grid.biases[0][0]))
        cell.bias_hh.zero_()
        cell.weight_ih.zero_()
    start = State(*torch.randn(2, BATCH, D).unbind(0))
    state = start
    for _ in range(6):
        state = State(*cell(torch.zeros(BATCH, 1), (state.hidden, state.memory)))
    (top,) = grid([start])
    assert_all_close(top, state)


def test_plain_prioritised_depth_is_a_stacked_lstm() -> None:
    """Section 3.3's claim, as far as it holds: with the common output form, a depth that is prioritised (3.2) and
    carries the hidden vector that time hands on, unchanged."""
    layers, steps = 3, 4
    grid = GridLSTM2d(2, D, layers, tied=False, depth="identity", prioritize_depth=True, output_form="o_tanhm")
    stacked = nn.LSTM(D, D, layers)
    time, depth = grid.grid.weights
    with torch.no_grad():
        depth.copy_(torch.eye(D, 2 * D).expand_as(depth))  # V = [1 0]: time's output, nothing of the layer below
        grid.grid.biases[1].zero_()
        for layer in range(layers):
            getattr(stacked, f"weight_hh_l{layer}").copy_(_gates(time[0, layer, :, :D]))
            getattr(stacked, f"weight_ih_l{layer}").copy_(_gates(time[0, layer, :, D:]))
            getattr(stacked, f"bias_ih_l{layer}").copy_(_gates(grid.grid.biases[0][0, layer]))
            getattr(stacked, f"bias_hh_l{layer}").zero_()
    words = torch.randn(steps, BATCH, 2)
    states = State(*torch.randn(2, layers, BATCH, D).unbind(0))
    top, final = grid(words, states)
    expected, (hidden, memory) = stacked(grid.project(words).hidden, (states.hidden, states.memory))
    assert_all_close([top.hidden, *final], [expected, hidden, memory])


def test_plain_depth_without_priority_is_not_a_stacked_lstm() -> None:
    """Then the depth carries what *entered* a block along time: a layer sees its lower neighbour one step late."""
    grid = GridLSTM2d(2, D, 2, depth="identity")
    words = torch.randn(3, BATCH, 2, requires_grad=True)
    top, _ = grid(words)
    (gradient,) = torch.autograd.grad(top.hidden[0].sum(), words)
    time, depth = grid.grid.weights
    with torch.no_grad():
        time.zero_()
        depth.copy_(torch.eye(D, 2 * D).expand_as(depth))
    top, _ = grid(words)
    assert gradient.abs().sum() > 0
    assert torch.autograd.grad(top.hidden[0].sum(), words)[0].abs().sum() == 0


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 6),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from(KINDS),
    st.booleans(),
    st.booleans(),
    st.integers(0, 9),
)
def test_time_and_depth_is_the_reference(
    steps: int, layers: int, tied: bool, depth: Any, prioritize: bool, recompute: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    recompute = recompute and depth == "lstm" and not prioritize
    model = GridLSTM2d(2, D, layers, tied=tied, depth=depth, prioritize_depth=prioritize, recompute=recompute)
    words, lengths = torch.randn(steps, BATCH, 2), torch.randint(1, steps + 1, (BATCH,))
    states = State(*torch.randn(2, layers, BATCH, D).unbind(0))
    top, final = model(words, states, lengths)
    grid = model.grid
    sides = [states, model.project(words)]
    left = grid_reference(
        sides, list(grid.weights), list(grid.biases), grid.dimensions, (steps, layers), lengths=[lengths, None]
    )
    parameters = list(model.parameters())
    mine, expected = [*top, *final], [*left[1], *left[0]]
    assert_all_close(mine, expected)
    losses = (sum((part * part).sum() for part in parts) for parts in (mine, expected))
    gradients = [torch.autograd.grad(loss, parameters, allow_unused=True) for loss in losses]  # type: ignore[arg-type]
    for one, two in zip(*gradients, strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize("depth", ["lstm", "relu"])
def test_a_long_sequence_in_chunks_is_the_whole(depth: Any) -> None:
    model = GridLSTM2d(2, D, 3, depth=depth)
    words = torch.randn(9, BATCH, 2)
    whole, final = model(words)
    states, tops = None, []
    for chunk in words.split([4, 1, 4]):
        top, states = model(chunk, states)
        tops.append(top.hidden)
    assert states is not None
    assert_all_close([torch.cat(tops), *states], [whole.hidden, *final])


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.integers(1, 3),
    st.sampled_from(KINDS),
    st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    st.integers(0, 9),
)
def test_planes_are_the_reference(
    extents: tuple[int, int], layers: int, depth: Any, options: tuple[bool, bool, bool, bool], seed: int
) -> None:
    tied, prioritize, recompute, padded = options
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    model = GridLSTM3d(2, D, layers, tied=tied, depth=depth, prioritize_depth=prioritize, recompute=recompute)
    picture = torch.randn(*extents, BATCH, 2)
    states = [
        tuple(State(*torch.randn(2, extent, BATCH, D).unbind(0)) for extent in reversed(extents)) for _ in range(layers)
    ]
    lengths = tuple(torch.randint(1, extent + 1, (BATCH,)) if padded else None for extent in extents)
    top, leaving = model(picture, states, lengths)
    below, expected_leaving = model.project(picture), []
    for layer, corner in enumerate(model.corners):
        own = 0 if tied else layer
        swept = model.weights[own].view(4, 2, D, 3 * D)
        swept_bias = model.biases[own].view(4, 2, D)
        weights = [swept[:, n].reshape(1, 1, 1, 4 * D, -1) for n in (0, 1)]
        biases = [swept_bias[:, n].reshape(1, 1, 1, -1) for n in (0, 1)]
        left = grid_reference(
            [*(State(*(part.unsqueeze(1) for part in state)) for state in states[layer]), below],
            [*weights, model.depth_weights[own][None, None, None]],
            [*biases, model.depth_biases[own][None, None, None]],
            [Dimension(reverse=corner[0]), Dimension(reverse=corner[1]), model.dimension],
            (*extents, 1),
            lengths=[*lengths, None],
        )
        expected_leaving += [part.squeeze(1) for state in left[:2] for part in state]
        below = left[2]
    mine = [*top, *(part for pair in leaving for state in pair for part in state)]
    expected = [*below, *expected_leaving]
    assert_all_close(mine, expected)
    losses = (sum((part * part).sum() for part in parts) for parts in (mine, expected))
    gradients = [torch.autograd.grad(loss, list(model.parameters())) for loss in losses]  # type: ignore[arg-type]
    for one, two in zip(*gradients, strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize("model", ["1d", "2d", "2d relu", "3d"])
def test_compiled_is_eager(model: str) -> None:
    module: nn.Module = {
        "1d": lambda: GridLSTM1d(2, D, 3),
        "2d": lambda: GridLSTM2d(2, D, 3, tied=False),
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


def test_dropout_acts_in_training_alone() -> None:
    model = GridLSTM2d(2, D, 3, dropout=0.5)
    words = torch.randn(4, BATCH, 2)
    assert not torch.equal(model(words)[0].hidden, model(words)[0].hidden)
    dropped = (model(words)[0].hidden == 0).double().mean()
    assert 0.2 < dropped < 0.8
    model.eval()
    assert torch.equal(model(words)[0].hidden, model(words)[0].hidden)


def test_parameters_start_as_documented() -> None:
    model = GridLSTM2d(2, 40, 3, tied=False, forget_bias=2.0)
    weight, bias = model.grid.weights[0], model.grid.biases[0]
    assert weight.shape == (1, 3, 160, 80)
    assert 0.95 * 1.7 / 80**0.5 < weight.abs().max() <= 1.7 / 80**0.5
    assert torch.equal(bias[..., 40:80], torch.full((1, 3, 40), 2.0))
    assert bias.sum() == 3 * 40 * 2
    assert not list(GridLSTM2d(2, 4, 1, bias=False).grid.biases)
    assert "extents=(None, 3)" in repr(model)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GridLSTM(0, [Dimension()], [1]), "hidden size: expected at least 1, got 0"),
        (lambda: GridLSTM(3, [Dimension()], [1], dropout=1.0), "dropout: expected a probability"),
        (lambda: GridLSTM(3, [Dimension()], [1, 2]), "extents: expected one for each of 1 dimensions, got 2"),
        (lambda: GridLSTM(3, [Dimension(tied=False)], [None]), "extents: dimension 0 is untied"),
        (lambda: GridLSTM(3, [Dimension()], [0]), "extents: expected at least 1 along dimension 0, got 0"),
        (lambda: GridLSTM(3, [Dimension()], [1], output_form=cast(Any, "tanh")), "output form: expected one of"),
        (lambda: GridLSTM(3, [Dimension()], [1], engine=cast(Any, "fast")), "engine: expected one of"),
        (lambda: GridLSTM2d(2, 3, 2, depth="relu", recompute=True), "recompute: only the sweep can"),
        (lambda: GridLSTM1d(0, 3, 1), "input size: expected at least 1, got 0"),
        (lambda: GridLSTM3d(2, 3, 0), "number of layers: expected at least 1, got 0"),
        (lambda: GridLSTM3d(2, 3, 2, corners=[(True, True)]), "corners: expected one for each of 2 layers, got 1"),
    ],
)
def test_wrong_options_are_named(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: GridLSTM2d(2, 3, 2)(torch.zeros(4, 2)), r"input: expected shape \(time, batch, features\)"),
        (lambda: GridLSTM2d(2, 3, 2)(torch.zeros(4, 1, 3)), "input: expected 2 features"),
        (
            lambda: GridLSTM3d(2, 3, 2)(torch.zeros(4, 1, 2)),
            r"input: expected shape \(rows, columns, batch, features\)",
        ),
        (lambda: GridLSTM(3, [Dimension()] * 2, [None, 2])([None, None]), "sides: expected at least one"),
        (lambda: GridLSTM(3, [Dimension()] * 2, [None, 2])([None]), "sides: expected one .* for each of 2"),
        (
            lambda: GridLSTM(3, [Dimension()] * 2, [None, 2])([State(*torch.zeros(2, 2, 1, 3).unbind(0)), None]),
            "none of those given tells the extent of dimension 0",
        ),
        (
            lambda: GridLSTM(3, [Dimension()] * 2, [None, 2])([State(*torch.zeros(2, 3, 1, 3).unbind(0))] * 2),
            "hidden vectors of side 0: expected shape",
        ),
    ],
)
def test_wrong_inputs_are_named(run: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()


def _models(steps: int = 3) -> list[tuple[nn.Module, Tensor]]:
    return [
        (GridLSTM2d(2, D, 2), torch.randn(steps, BATCH, 2)),
        (GridLSTM2d(2, D, 2, tied=False), torch.randn(steps, BATCH, 2)),
        (GridLSTM2d(2, D, 2, depth="relu", tied=False), torch.randn(steps, BATCH, 2)),
        (GridLSTM3d(2, D, 2, depth="relu", prioritize_depth=True), torch.randn(steps, 4, BATCH, 2)),
    ]


def test_training_goes_on_after_inference_mode() -> None:
    """What is kept of a layout must not be a tensor of inference mode."""
    for model, words in _models(13):  # extents that no other test has
        with torch.inference_mode():
            model(words)
        model(words)[0].hidden.sum().backward()


def test_an_empty_batch_gives_empty_results() -> None:
    for model, words in _models():
        top = model(words[..., :0, :])[0]
        assert top.hidden.numel() == 0
        top.hidden.sum().backward()


def test_states_may_be_plain_pairs_as_torchs_lstm_takes_them() -> None:
    model, words = GridLSTM2d(2, D, 2), torch.randn(3, BATCH, 2)
    hidden, memory = torch.randn(2, 2, BATCH, D).unbind(0)
    assert_all_close(model(words, (hidden, memory))[0], model(words, State(hidden, memory))[0])


def test_planes_with_dropout_are_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same masks for both; a prioritised depth reads what dropout left."""
    extents = (3, 4)
    masks = (torch.rand(12, BATCH, 2 * D) < 0.6) / 0.6
    sides = [State(*torch.randn(2, extent, BATCH, D).unbind(0)) for extent in reversed(extents)]
    below = State(*torch.randn(2, 12, BATCH, D).unbind(0))
    order = scan_index(extents, (False, False))[1]
    for priority in (0, 1):
        weight, depth_weight = torch.randn(8 * D, 3 * D), torch.randn(4 * D, 3 * D)
        mine = compute_plane(
            sides, weight, None, extents, below=below, mask=masks,
            depth=DepthWeights(Dimension(priority=priority), depth_weight, None),
        )  # fmt: skip
        assert mine.depth is not None
        weights = [weight.view(4, 2, D, 3 * D)[:, n].reshape(1, 1, 1, 4 * D, -1) for n in (0, 1)]
        placed = masks[order].view(*extents, 1, BATCH, 2 * D)
        left = grid_reference(
            [*(State(*(part.unsqueeze(1) for part in side)) for side in sides),
             State(*(part[order].view(*extents, BATCH, D) for part in below))],
            [*weights, depth_weight[None, None, None]],
            [None, None, None],
            [Dimension(), Dimension(), Dimension(priority=priority)],
            (*extents, 1),
            masks=[placed[..., :D], placed[..., D:], None],
        )  # fmt: skip
        assert_all_close([part[order].view(*extents, BATCH, D) for part in mine.depth], left[2])
        assert_all_close([part.unsqueeze(1) for part in mine.leaving[0]], left[0])


def test_autocast_keeps_memories_of_planes_in_single_precision() -> None:
    torch.set_default_dtype(torch.float32)
    model, picture = GridLSTM3d(2, 16, 3), torch.randn(4, 5, BATCH, 2)
    exact, _ = model(picture)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        top, states = model(picture)
    assert top.memory.dtype == states[0][0].memory.dtype == torch.float32
    assert ((top.memory - exact.memory).norm() / exact.memory.norm()).item() < 0.04


def test_the_grid_needs_no_fairseq(tmp_path: Any) -> None:
    import subprocess
    import sys
    from pathlib import Path

    code = (
        "import sys; sys.modules['fairseq'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'fairseq' else find(name, *rest)\n"
        "from reencoder.grid import GridLSTM2d\n"
        "assert not [name for name in sys.modules if name.startswith('fairseq.')]\n"
    )
    root = Path(__file__).resolve().parent.parent
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
