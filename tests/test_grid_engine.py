"""Both engines against the slow reference: outputs, states on all sides, every gradient; and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from eval.speed.measure import peak_bytes
from reencoder.grid import products
from reencoder.grid.block import OUTPUT_FORMS, OutputForm, State
from reencoder.grid.dimension import Dimension
from reencoder.grid.engine import compute_grid
from reencoder.grid.planes import scan_index
from reencoder.grid.sweep import sweep
from tests.grids import Case, assert_all_close, cases, with_gradients

TWO = [Dimension(), Dimension()]


@settings(max_examples=120, deadline=None)
@given(cases())
def test_wavefront_is_the_reference(case: Case) -> None:
    mine, expected = (
        with_gradients(outputs, case.leaves) for outputs in (case.engine(engine="wavefront"), case.reference())
    )
    assert_all_close(mine, expected)


@settings(max_examples=120, deadline=None)
@given(cases(max_dimensions=2, cells_only=True), st.booleans())
def test_sweep_is_the_reference(case: Case, recompute: bool) -> None:
    outputs = case.engine(engine="sweep", recompute=recompute)
    assert_all_close(with_gradients(outputs, case.leaves), with_gradients(case.reference(), case.leaves))


@pytest.mark.parametrize("tied", [True, False])
def test_gates_computed_again_in_pieces_of_many_blocks(tied: bool) -> None:
    case = Case([Dimension(tied=tied), Dimension()], (9, 11), padded=True, dropped=True)
    again = with_gradients(case.engine(recompute=True), case.leaves)
    assert_all_close(again, with_gradients(case.engine(), case.leaves))


def test_nothing_is_kept_for_a_backward_pass_that_cannot_come() -> None:
    case = Case(TWO, (8, 8), batch=4, d=16)
    floats = 8 * 8 * 4 * 16 * 8  # in bytes, for each float of d a block
    assert peak_bytes(lambda: case.engine()) > 12 * floats
    with torch.no_grad():
        assert peak_bytes(lambda: case.engine()) < 9 * floats
        assert_all_close(case.engine(), case.reference())


def test_untied_weights_are_not_copied_for_every_front() -> None:
    """Their matrices are used in place: twice as many steps take twice the states, not twice the weights."""
    peaks = []
    for steps in (10, 20):
        case = Case([Dimension(), Dimension("relu", tied=False)], (steps, 6), batch=1, d=32)
        weights = sum(weight.numel() * weight.element_size() for weight in case.weights)

        def work(case: Case = case) -> object:
            return with_gradients(case.engine(), case.leaves)

        peaks.append(peak_bytes(work) / weights)
    assert peaks[1] - peaks[0] < 2


@pytest.mark.parametrize("form", OUTPUT_FORMS)
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("recompute", [False, True])
def test_gradcheck(form: OutputForm, tied: bool, recompute: bool) -> None:
    case = Case([Dimension(tied=tied), Dimension()], (2, 3), padded=True, dropped=True, form=form, d=2)

    def run(*_: Tensor) -> tuple[Tensor, ...]:
        return tuple(case.engine(engine="sweep", recompute=recompute))

    assert torch.autograd.gradcheck(run, tuple(case.leaves))


def test_wavefront_has_second_derivatives() -> None:
    case = Case([Dimension(), Dimension("tanh", priority=1)], (2, 2), d=2, batch=1)

    def run(*_: Tensor) -> tuple[Tensor, ...]:
        return tuple(part for part in case.engine() if part.numel())

    assert torch.autograd.gradgradcheck(run, tuple(leaf for leaf in case.leaves if leaf.numel()))


def test_second_derivatives_of_the_sweep_are_refused() -> None:
    case = Case(TWO, (2, 2))
    (gradient,) = torch.autograd.grad(case.engine()[0].square().sum(), case.weights[0], create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        gradient.sum().backward()


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("tied", [True, False])
def test_a_second_backward_pass_gives_the_same(recompute: bool, tied: bool) -> None:
    case = Case([Dimension(), Dimension(tied=tied)], (3, 4), padded=True, dropped=True)
    loss = case.engine(recompute=recompute)[0].sum()
    first = torch.autograd.grad(loss, case.leaves, retain_graph=True)
    assert_all_close(torch.autograd.grad(loss, case.leaves), first)


@settings(max_examples=30, deadline=None)
@given(cases(max_dimensions=2), st.data())
def test_a_grid_in_pieces_is_the_whole(case: Case, data: st.DataObject) -> None:
    """Along the last dimension, if its weights are shared and it is scanned forwards; without padding."""
    count = len(case.extents)
    last, extent = case.dimensions[-1], case.extents[-1]
    case.dimensions[-1] = Dimension(last.kind, tied=True, reverse=False, priority=last.priority)
    if not last.tied:
        case.weights = [weight.narrow(count - 1, 0, 1) for weight in case.weights]
        case.biases = [bias if bias is None else bias.narrow(count - 1, 0, 1) for bias in case.biases]
    case.options = {"output_form": case.options["output_form"]}
    whole = case.engine()
    cut = data.draw(st.integers(0, extent))
    enter = list(case.sides)
    other: list[list[Tensor]] = [[] for _ in range(2 * (count - 1))]
    for first, behind in ((0, cut), (cut, extent)):
        if first == behind:
            continue
        # Of the sides along the other dimensions this piece has its part; along the last one it starts where the
        # piece before ended.
        for n in range(count - 1):
            enter[n] = State(*(part.narrow(count - 2, first, behind - first) for part in case.sides[n]))
        arguments = (enter, case.weights, case.biases, case.dimensions, [*case.extents[:-1], behind - first])
        left = compute_grid(*arguments, **case.options)  # type: ignore[arg-type]
        enter[-1] = left[-1]
        for n in range(count - 1):
            for part in (0, 1):
                other[2 * n + part].append(left[n][part])
    assert_all_close([*(torch.cat(parts, dim=count - 2) for parts in other), *enter[-1]], whole)


def test_padding_and_batch_change_nothing() -> None:
    """Each sample alone, cut to its own extent, gives what it gives padded in a batch; so do its gradients."""
    case = Case([Dimension(reverse=True), Dimension(tied=False)], (5, 3), batch=4, padded=True)
    lengths = case.options["lengths"]
    lengths[1] = None
    whole = with_gradients(case.engine(), case.leaves)
    del case.options["lengths"]
    gradients = [torch.zeros_like(leaf) for leaf in case.leaves]
    generator = torch.Generator().manual_seed(1)
    seeds = [torch.randn(part.shape, dtype=torch.float64, generator=generator) for part in whole[:4]]
    for b, length in enumerate(lengths[0].tolist()):
        sides = [State(*(part[:, b : b + 1] for part in side)) for side in case.sides]
        sides[1] = State(*(part[:length] for part in sides[1]))
        left = compute_grid(sides, case.weights, case.biases, case.dimensions, (length, 3), **case.options)
        torch.testing.assert_close(left[0].hidden[:, 0], whole[0][:, b])
        torch.testing.assert_close(left[1].memory[:, 0], whole[3][:length, b])
        # Along the second dimension what enters padded positions leaves again.
        torch.testing.assert_close(case.sides[1].hidden[length:, b], whole[2][length:, b])
        parts = [part for state in left for part in state]
        loss = sum((part[:, 0] * seed[: len(part), b]).sum() for part, seed in zip(parts, seeds, strict=True))
        for total, gradient in zip(gradients, torch.autograd.grad(loss, case.leaves), strict=True):  # type: ignore[arg-type]
            total += gradient
    assert_all_close(whole[4 + 4 :], gradients[4:])


def test_extra_input_is_a_third_dimension() -> None:
    """What `sweep` does with its extra input is a three-dimensional grid of extent 1 along a plain depth."""
    case = Case([*TWO, Dimension("identity")], (3, 4, 1), padded=False)
    d, batch = 3, 2
    weights = [part.view(4, d, 3 * d) for part in case.weights[:2]]
    weight = torch.stack(weights, dim=1).view(8 * d, 3 * d)
    assert case.biases[0] is not None and case.biases[1] is not None
    bias = torch.stack([case.biases[n].view(4, d) for n in (0, 1)], dim=1).view(-1)  # type: ignore[union-attr]
    positions = scan_index((3, 4), (False, False))[0]
    output = sweep(
        [State(*(part.squeeze(1) for part in side)) for side in case.sides[:2]],
        weight[:, : 2 * d],
        bias,
        extents=(3, 4),
        extra=case.sides[2].hidden.view(12, batch, d)[positions],
        extra_weight=weight[:, 2 * d :],
    )
    mine = [part.unsqueeze(1) for state in output.leaving for part in state]
    leaves = [leaf for leaf in case.leaves if leaf.numel()]
    assert_all_close(with_gradients(mine, leaves), with_gradients(case.reference()[:4], leaves))


@pytest.mark.parametrize("packing", [True, False])
def test_single_precision_is_close_to_double(packing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if packing and not products.packing_available():
        pytest.skip("this torch or processor has no product by a rearranged matrix")
    monkeypatch.setattr(products, "_packing", packing)
    double = Case(TWO, (5, 6), batch=3, d=16, padded=True)
    single = Case(TWO, (5, 6), batch=3, d=16, padded=True)
    with torch.no_grad():
        for leaf in double.leaves[4:]:
            leaf *= 0.2
    for name in ("weights", "biases"):
        setattr(single, name, [part.detach().float().requires_grad_() for part in getattr(double, name)])
    single.sides = [State(*(part.detach().float().requires_grad_() for part in side)) for side in double.sides]
    single.leaves = [*(part for side in single.sides for part in side), *single.weights, *single.biases]  # type: ignore[list-item]
    mine = with_gradients([part.double() for part in single.engine()], single.leaves)
    expected = with_gradients(double.engine(), double.leaves)
    assert single.engine()[0].dtype == torch.float32
    assert_all_close([part.double() for part in mine], expected, rtol=1e-3, atol=2e-4)


BFLOAT16_ERRORS = {"hidden": 0.03, "memory": 0.04, "gradient": 0.06}
"""Largest relative error (of the norm) allowed under bfloat16 autocast, whose numbers have 8 significant bits."""


@pytest.mark.parametrize("engine", ["sweep", "wavefront"])
def test_bfloat16_autocast_is_within_its_table(engine: str) -> None:
    case = Case(TWO, (6, 6), batch=4, d=16, dtype=torch.float32)
    with torch.no_grad():
        for leaf in case.leaves[4:6]:
            leaf *= 0.2
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = case.engine(engine=engine)
    assert [part.dtype for part in outputs] == [torch.bfloat16, torch.float32] * 2
    mine = with_gradients([part.double() for part in outputs], case.leaves)
    expected = with_gradients([part.double() for part in case.engine(engine=engine)], case.leaves)
    kinds = ["hidden", "memory"] * 2 + ["gradient"] * len(case.leaves)
    for kind, one, two in zip(kinds, mine, expected, strict=True):
        error = ((one - two).norm() / two.norm()).item()
        assert error <= BFLOAT16_ERRORS[kind], f"{kind}: {error}"


def test_all_bfloat16() -> None:
    case = Case(TWO, (3, 3), dtype=torch.bfloat16)
    outputs = case.engine()
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
        (_wrong(extents=lambda e: [0, 3]), "extents: expected at least one, each of at least 1"),
        (_wrong(options=lambda o: {"output_form": "tanh"}), r"output form: expected one of .* got 'tanh'"),
        (_wrong(options=lambda o: {"engine": "fast"}), "engine: expected one of auto, sweep, wavefront, got 'fast'"),
        (_wrong(options=lambda o: {"lengths": [torch.ones(3), None]}), r"lengths along dimension 0: expected shape"),
        (_wrong(options=lambda o: {"lengths": [torch.ones(2), None]}), "0: expected int64 on cpu, got .*float"),
        (_wrong(options=lambda o: {"lengths": [None, torch.tensor([4, 1])]}), "1: expected 0 to 3, got 1 to 4"),
        (_wrong(options=lambda o: {"lengths": [None, [1, 2]]}), "dimension 1: expected a tensor, got list"),
        (_wrong(sides=lambda s: [State(*(p.float() for p in t)) for t in s]), "sides: expected torch.float64 as the w"),
        (_wrong(options=lambda o: {"masks": [torch.ones(2, 3, 2, 3).requires_grad_(), None]}), "sweep has no"),
        (_wrong(options=lambda o: {"masks": [None, torch.ones(1)]}), "mask 1: expected shape"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(change: Any, message: str) -> None:
    case = Case(TWO, (2, 3))
    change(case)
    with pytest.raises(ValueError, match=message):
        case.engine()


def test_the_sweep_says_what_it_cannot_compute() -> None:
    case = Case([Dimension(), Dimension("relu")], (2, 2))
    with pytest.raises(ValueError, match="engine: the sweep computes one or two dimensions, all with cells"):
        case.engine(engine="sweep")


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("weight", (24, 7), r"^weight: expected shape \(1, 1, 24, 6\)"),
        ("weight", (3, 1, 24, 6), r"^weight: expected along each dimension one matrix or one for each of \(2, 2\)"),
        ("bias", (23,), "^bias: expected shape"),
        ("extra", (4, 2, 5), "^extra: expected the extra input together with its weight"),
        ("mask", (3, 2, 6), "^mask: expected shape"),
        ("real", (4, 3), "^real: expected shape"),
    ],
)
def test_wrong_arguments_of_the_sweep_are_named(name: str, shape: tuple[int, ...], message: str) -> None:
    sides = [State(torch.zeros(2, 2, 3), torch.zeros(2, 2, 3)) for _ in range(2)]
    arguments = {"weight": torch.zeros(24, 6), name: torch.zeros(shape)}
    with pytest.raises(ValueError, match=message):
        sweep(sides, **arguments, extents=(2, 2))  # type: ignore[arg-type]
