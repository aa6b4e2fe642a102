"""Both engines against the slow reference: outputs, states on all sides, every gradient; planes; what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reencoder.grid.block import State
from reencoder.grid.compute import DepthStates, DepthWeights, compute_grid, compute_plane, pack_plane
from reencoder.grid.dimension import Dimension
from reencoder.grid.reference import grid_reference
from tests.grids import Case, assert_all_close, at_positions, block_positions, cases, with_gradients

TWO = [Dimension(), Dimension()]


@settings(max_examples=120)
@given(cases())
def test_general_engine_is_the_reference(case: Case) -> None:
    mine, expected = (
        with_gradients(outputs, case.leaves) for outputs in (case.compute(engine="general"), case.reference())
    )
    # grids of higher dimension with ReLU have large gradients, whose terms cancel
    assert_all_close(mine, expected, rtol=1e-10, atol=1e-12)


@settings(max_examples=120)
@given(cases(max_dimensions=2, cells_only=True), st.booleans())
def test_fused_engine_is_the_reference(case: Case, recompute_gates: bool) -> None:
    outputs = case.compute(engine="fused", recompute_gates=recompute_gates)
    assert_all_close(with_gradients(outputs, case.leaves), with_gradients(case.reference(), case.leaves))


@pytest.mark.parametrize("extents", [(2, 4), (4, 3)])
@pytest.mark.parametrize("untied", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("options", [{"recompute_gates": True}, {"engine": "fused"}, {"engine": "general"}])
def test_untied_padded_grids_with_dropout_are_the_reference(
    extents: tuple[int, int], untied: tuple[bool, bool], options: dict[str, Any]
) -> None:
    """What random grids seldom have all at once, on extents where the order of the blocks is not its own inverse."""
    dimensions = [Dimension(untied=untied[0], reverse=True), Dimension(untied=untied[1])]
    case = Case(dimensions, extents, batch=3, padded=True, dropped=True)
    outputs = case.compute(**options)
    assert_all_close(with_gradients(outputs, case.leaves), with_gradients(case.reference(), case.leaves))


@settings(max_examples=30)
@given(cases(max_dimensions=2), st.data())
def test_a_grid_in_pieces_is_the_whole(case: Case, data: st.DataObject) -> None:
    """Along the last dimension, if its weights are shared and it is scanned forwards; without padding."""
    count = len(case.extents)
    last, extent = case.dimensions[-1], case.extents[-1]
    case.dimensions[-1] = Dimension(last.kind, untied=False, reverse=False, priority=last.priority)
    if last.untied:
        case.weights = [weight.narrow(count - 1, 0, 1) for weight in case.weights]
        case.biases = [bias if bias is None else bias.narrow(count - 1, 0, 1) for bias in case.biases]
    case.options = {"output_form": case.options["output_form"]}
    whole = case.compute()
    cut = data.draw(st.integers(0, extent))
    entering = list(case.sides)
    other: list[list[Tensor]] = [[] for _ in range(2 * (count - 1))]
    for first, end in ((0, cut), (cut, extent)):
        if first == end:
            continue
        # Along the other dimensions this piece takes its part of the sides; along the last one it starts where the
        # previous piece ended.
        for n in range(count - 1):
            entering[n] = State(*(part.narrow(count - 2, first, end - first) for part in case.sides[n]))
        arguments = (entering, case.weights, case.biases, case.dimensions, [*case.extents[:-1], end - first])
        leaving = compute_grid(*arguments, **case.options)  # type: ignore[arg-type]
        entering[-1] = leaving[-1]
        for n in range(count - 1):
            for part in (0, 1):
                other[2 * n + part].append(leaving[n][part])
    assert_all_close([*(torch.cat(parts, dim=count - 2) for parts in other), *entering[-1]], whole)


def test_padding_and_batch_change_nothing() -> None:
    """Each sample alone, cut to its own extent, gives what it gives padded in a batch; so do its gradients."""
    case = Case([Dimension(reverse=True), Dimension(untied=True)], (5, 3), batch=4)
    lengths = torch.tensor([2, 5, 1, 4])
    case.options["lengths"] = [lengths, None]
    whole = with_gradients(case.compute(), case.leaves)
    del case.options["lengths"]
    gradients = [torch.zeros_like(leaf) for leaf in case.leaves]
    generator = torch.Generator().manual_seed(1)
    seeds = [torch.randn(part.shape, dtype=torch.float64, generator=generator) for part in whole[:4]]
    for b, length in enumerate(lengths.tolist()):
        sides = [State(*(part[:, b : b + 1] for part in side)) for side in case.sides]
        sides[1] = State(*(part[:length] for part in sides[1]))
        leaving = compute_grid(sides, case.weights, case.biases, case.dimensions, (length, 3), **case.options)
        torch.testing.assert_close(leaving[0].hidden[:, 0], whole[0][:, b])
        torch.testing.assert_close(leaving[1].memory[:, 0], whole[3][:length, b])
        # Along the second dimension what enters padded positions leaves again.
        torch.testing.assert_close(case.sides[1].hidden[length:, b], whole[2][length:, b])
        parts = [part for state in leaving for part in state]
        loss = sum((part[:, 0] * seed[: len(part), b]).sum() for part, seed in zip(parts, seeds, strict=True))
        for total, gradient in zip(gradients, torch.autograd.grad(loss, case.leaves), strict=True):  # type: ignore[arg-type]
            total += gradient
    assert_all_close(whole[4 + 4 :], gradients[4:])


@pytest.mark.parametrize("engine", ["fused", "general"])
def test_lengths_without_padding_change_nothing(engine: str) -> None:
    case = Case(TWO, (3, 4))
    plain = case.compute(engine=engine)
    case.options["lengths"] = [torch.full((2,), extent) for extent in case.extents]
    assert all(torch.equal(one, two) for one, two in zip(case.compute(engine=engine), plain, strict=True))


BFLOAT16_ERRORS = {"hidden": 0.01, "memory": 0.009, "gradient": 0.024}
"""Largest relative error (of the norm) allowed under bfloat16 autocast, whose numbers have 8 significant bits: three
times what is measured."""


@pytest.mark.parametrize("engine", ["fused", "general"])
def test_bfloat16_autocast_is_within_its_table(engine: str) -> None:
    case = Case(TWO, (6, 6), batch=4, d=16, dtype=torch.float32)
    with torch.no_grad():
        for leaf in case.leaves[4:6]:
            leaf *= 0.2
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = case.compute(engine=engine)
    assert [part.dtype for part in outputs] == [torch.bfloat16, torch.float32] * 2
    mine = with_gradients([part.double() for part in outputs], case.leaves)
    expected = with_gradients([part.double() for part in case.compute(engine=engine)], case.leaves)
    kinds = ["hidden", "memory"] * 2 + ["gradient"] * len(case.leaves)
    for kind, one, two in zip(kinds, mine, expected, strict=True):
        error = ((one - two).norm() / two.norm()).item()
        assert error <= BFLOAT16_ERRORS[kind], f"{kind}: {error}"


def test_all_bfloat16() -> None:
    case = Case(TWO, (3, 3), dtype=torch.bfloat16)
    outputs = case.compute()
    assert {part.dtype for part in outputs} == {torch.bfloat16}
    assert torch.autograd.grad(outputs[0].sum(), case.weights[0])[0].dtype == torch.bfloat16


def _wrong(**changes: Any) -> Any:
    def change(case: Case) -> None:
        for name, value in changes.items():
            setattr(case, name, value(getattr(case, name)))

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_wrong(weights=lambda w: [w[0], w[1][..., :-1]]), r"weight 1: expected shape .*, got \(1, 1, 12, 5\)"),
        (_wrong(weights=lambda w: [w[0], w[1].float()]), r"weight 1: expected torch.float64 .*, got torch.float32"),
        (_wrong(weights=lambda w: [w[0], w[1].to("meta")]), r"weight 1: expected .* on meta"),
        (_wrong(biases=lambda b: [b[0], None]), "biases: expected one for every dimension or none"),
        (_wrong(biases=lambda b: [b[0][..., 1:], b[1]]), r"bias 0: expected shape \(1, 1, 12\), got \(1, 1, 11\)"),
        (_wrong(sides=lambda s: s[:1]), "sides: expected one entry for each of the 2 dimensions, got 1"),
        (_wrong(sides=lambda s: [s[0], State(s[1].hidden[1:], s[1].memory)]), "vectors of side 1: expected"),
        (_wrong(sides=lambda s: [s[0], State(s[1].hidden, s[1].memory[..., :1])]), "memories of side 1: expected"),
        (_wrong(extents=lambda e: [0, 3]), r"extents: expected each to be at least 1, got \(0, 3\)"),
        (_wrong(options=lambda o: {"output_form": "tanh"}), r"output form: expected one of .* got 'tanh'"),
        (_wrong(options=lambda o: {"engine": "fast"}), "engine: expected one of auto, fused, general, got 'fast'"),
        (_wrong(options=lambda o: {"lengths": [torch.ones(3), None]}), r"lengths along dimension 0: expected shape"),
        (_wrong(options=lambda o: {"lengths": [torch.ones(2), None]}), "0: expected int64 on cpu, got .*float"),
        (_wrong(options=lambda o: {"lengths": [None, torch.tensor([4, 1])]}), "1: expected 0 to 3, got 1 to 4"),
        (_wrong(options=lambda o: {"lengths": [None, [1, 2]]}), "dimension 1: expected a tensor, got list"),
        (_wrong(sides=lambda s: [State(*(p.float() for p in t)) for t in s]), "sides: expected torch.float64 like"),
        (_wrong(options=lambda o: {"masks": [torch.ones(2, 3, 2, 3).requires_grad_(), None]}), "mask 0: expected a te"),
        (_wrong(options=lambda o: {"masks": [None, torch.ones(1)]}), "mask 1: expected shape"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(change: Any, message: str) -> None:
    case = Case(TWO, (2, 3))
    change(case)
    with pytest.raises(ValueError, match=message):
        case.compute()


def test_the_fused_engine_says_what_it_cannot_compute() -> None:
    case = Case([Dimension(), Dimension("relu")], (2, 2))
    with pytest.raises(ValueError, match="engine: fused computes one or two dimensions, all with LSTM cells"):
        case.compute(engine="fused")
    with pytest.raises(ValueError, match="recompute_gates: only the fused engine supports it, which computes"):
        case.compute(recompute_gates=True)


BATCH, D = 3, 5


def _plane(extents: tuple[int, int]) -> tuple[tuple[State, State], State, Tensor, Tensor]:
    """Random sides, states from below at every position, weight and weight of the depth."""
    torch.manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64)

    first, second = (State(*draw(2, extent, BATCH, D).unbind(0)) for extent in reversed(extents))
    return (first, second), State(*draw(2, *extents, BATCH, D).unbind(0)), draw(8 * D, 3 * D), draw(4 * D, 3 * D)


@pytest.mark.parametrize("scan", [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("priority", [0, 1])
def test_a_plane_with_dropout_is_the_reference(scan: tuple[bool, bool], priority: int) -> None:
    """The same masks for both; a depth of priority 1 reads what dropout has left."""
    extents = (3, 4)
    sides, below, weight, depth_weight = _plane(extents)
    masks = (torch.rand(12, BATCH, 2 * D) < 0.6).double() / 0.6
    depth_mask = (torch.rand(12, BATCH, D) < 0.6).double() / 0.6
    output = compute_plane(
        sides, weight, None, extents, scan=scan, below=DepthStates(below.map(lambda part: part.flatten(0, 1))),
        depth=DepthWeights(Dimension(priority=priority), depth_weight, None), mask=masks, depth_mask=depth_mask,
    )  # fmt: skip
    assert output.depth is not None
    placed = at_positions(masks, extents, scan).unsqueeze(2)
    expected = grid_reference(
        [*(State(*(part.unsqueeze(1) for part in side)) for side in sides), below],
        [*(weight.view(4, 2, D, -1)[:, n].reshape(1, 1, 1, 4 * D, -1) for n in (0, 1)), depth_weight[None, None, None]],
        [None, None, None],
        [Dimension(reverse=scan[0]), Dimension(reverse=scan[1]), Dimension(priority=priority)],
        (*extents, 1),
        masks=[placed[..., :D], placed[..., D:], at_positions(depth_mask, extents, scan).unsqueeze(2)],
    )  # fmt: skip
    assert_all_close([at_positions(part, extents, scan) for part in output.depth.states], expected[2])
    for n in (0, 1):
        assert_all_close([part.unsqueeze(1) for part in output.leaving[n]], expected[n])


@pytest.mark.parametrize("scan", [(False, False), (False, True), (True, True)])
def test_depth_states_come_in_the_order_of_any_scan(scan: tuple[bool, bool]) -> None:
    extents = (3, 4)
    positions = torch.tensor([[4 * i + j] for i, j in block_positions(extents, scan)])
    states = DepthStates(State(positions, positions[:, :0]), scan)
    assert states.in_order_of(None, extents).states.hidden.flatten().tolist() == list(range(12))
    other = (True, False)
    for from_states in (states, states.in_order_of(None, extents)):
        moved = from_states.in_order_of(other, extents)
        assert moved.scan == other
        assert moved.states.hidden.flatten().tolist() == [4 * i + j for i, j in block_positions(extents, other)]
    assert states.in_order_of(scan, extents) is states


def test_a_plane_with_packed_weights_is_the_same() -> None:
    extents = (3, 4)
    sides, below, weight, _ = _plane(extents)
    sides = (sides[0].map(Tensor.float), sides[1].map(Tensor.float))
    states = DepthStates(below.map(lambda part: part.flatten(0, 1).float()))
    weight = 0.2 * weight.float()
    with torch.no_grad():
        plain, packed = (
            compute_plane(sides, weight, None, extents, below=states, packed=packed)
            for packed in (None, pack_plane(weight))
        )
        narrow, narrow_packed = (
            compute_plane(sides, weight[:, : 2 * D], None, extents, packed=packed)
            for packed in (None, pack_plane(weight[:, : 2 * D]))
        )
    for one, two in ((plain, packed), (narrow, narrow_packed)):
        for n in (0, 1):
            torch.testing.assert_close(tuple(one.leaving[n]), tuple(two.leaving[n]), rtol=1e-5, atol=1e-6)


def test_wrong_lengths_of_a_plane_are_named() -> None:
    sides, _, weight, _ = _plane((3, 4))
    with pytest.raises(ValueError, match="lengths along dimension 1: expected 0 to 4, got 5 to 5"):
        compute_plane(sides, weight[:, : 2 * D], None, (3, 4), lengths=(None, torch.tensor([5, 5, 5])))


def test_sides_of_a_plane_have_the_types_of_its_weight() -> None:
    sides, below, weight, depth_weight = _plane((3, 4))
    states = DepthStates(below.map(lambda part: part.flatten(0, 1)))
    depth = DepthWeights(Dimension(), depth_weight, None)
    with pytest.raises(ValueError, match=r"^sides: expected torch.float32 like the weights, got torch.float64"):
        compute_plane(sides, weight.float()[:, : 2 * D], None, (3, 4))
    with pytest.raises(ValueError, match=r"^hidden vectors of side 1: expected torch.float64 .* got torch.float32"):
        compute_plane((sides[0], sides[1].map(Tensor.float)), weight, None, (3, 4), below=states, depth=depth)
    with pytest.raises(ValueError, match=r"^weight: expected cpu like the sides, got meta"):
        compute_plane(sides, weight.to("meta"), None, (3, 4), below=states)
    with pytest.raises(ValueError, match=r"^depth weight: expected torch.float64 .* got torch.float32"):
        compute_plane(sides, weight, None, (3, 4), below=states, depth=depth._replace(weight=depth_weight.float()))


def test_a_plane_whose_depth_has_cells_needs_memories_from_below() -> None:
    sides, below, weight, depth_weight = _plane((3, 4))
    states = below.map(lambda part: part.flatten(0, 1))
    depth = DepthWeights(Dimension(), depth_weight, None)
    with pytest.raises(ValueError, match=r"^below: expected states, because the depth has cells, got None"):
        compute_plane(sides, weight[:, : 2 * D], None, (3, 4), depth=depth._replace(weight=depth_weight[:, : 2 * D]))
    with pytest.raises(ValueError, match=r"^memories from below: expected shape \(12, 3, 5\), got \(12, 3, 0\)"):
        empty = State(states.hidden, states.memory[..., :0])
        compute_plane(sides, weight, None, (3, 4), below=DepthStates(empty), depth=depth)


def test_arguments_of_a_plane_that_do_not_agree_are_named() -> None:
    d, batch, extents = 3, 2, (2, 4)
    sides = (
        State(torch.zeros(4, batch, d), torch.zeros(4, batch, d)),
        State(torch.zeros(2, batch, d), torch.zeros(2, batch, d)),
    )
    weight = torch.zeros(8 * d, 2 * d)
    good = DepthWeights(Dimension("identity"), torch.zeros(d, 2 * d), None)
    compute_plane(sides, weight, None, extents, depth=good, depth_mask=torch.ones(8, batch, d))
    for options, message in (
        (
            {"depth": good._replace(weight=torch.zeros(d, 3 * d))},
            r"depth weight: expected shape \(3, 6\), got \(3, 9\)",
        ),
        ({"depth": good._replace(bias=torch.zeros(1))}, r"depth bias: expected shape \(3,\), got \(1,\)"),
        ({"depth": good, "depth_mask": torch.ones(8, batch, 1)}, r"depth mask: expected shape \(8, 2, 3\)"),
        ({"mask": torch.ones(8, batch, 1)}, r"mask: expected shape \(8, 2, 6\), got \(8, 2, 1\)"),
        ({"mask": torch.ones(8, batch, 2 * d).requires_grad_()}, "mask: expected a tensor that does not require grad"),
        ({"bias": torch.zeros(1)}, r"bias: expected shape \(24,\), got \(1,\)"),
        ({"weight": torch.zeros(8 * d, d)}, r"weight: expected shape \(24, 6\), got \(24, 3\)"),
        ({"extents": (0, 4)}, r"extents: expected each to be at least 1, got \(0, 4\)"),
        ({"extents": (3, 4)}, r"hidden vectors of side 1: expected shape \(3, 2, 3\), got \(2, 2, 3\)"),
        ({"output_form": "tanh"}, "output form: expected one of tanh_om, o_tanhm, got 'tanh'"),
    ):
        given: dict[str, Any] = {"sides": sides, "weight": weight, "bias": None, "extents": extents, **options}
        with pytest.raises(ValueError, match=message):
            compute_plane(**given)

    below = DepthStates(State(torch.zeros(7, batch, d), torch.zeros(7, batch, 0)), (False, False))
    with pytest.raises(ValueError, match=r"hidden vectors from below: expected shape \(8, 2, 3\), got \(7, 2, 3\)"):
        compute_plane(sides, torch.zeros(8 * d, 3 * d), None, extents, below=below)
