"""Muon for marked matrices, AdamW for the rest: against the definition and torch, resumed, and refused."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from fairseq.models import BaseFairseqModel
from fairseq.optim.amp_optimizer import AMPOptimizer
from omegaconf import OmegaConf
from torch import nn

from reencoder.grid import GridLSTM2d
from reencoder.models.sequence import GridLSTM2dConfig, GridLSTM2dModel, StackedLSTM, StackedLSTMConfig
from reencoder.models.string import FeedForward, FeedForwardConfig, GridLSTM1dConfig, GridLSTM1dModel
from reencoder.optim import orthogonal
from reencoder.optim.matrices import hidden_matrix_rows, mark_hidden_matrices, mark_layers
from reencoder.optim.muon import FairseqMuon, MuonConfig, MuonWithAdamW
from reencoder.optim.orthogonal import compute_dtype, orthogonalize

OPTIONS: dict[str, Any] = {
    "momentum": 0.9,
    "betas": (0.8, 0.9),
    "eps": 1e-6,
    "weight_decay": 0.1,
    "adam_weight_decay": 0.3,
}


def marked_grid() -> GridLSTM2d:
    """A small grid with weights of their own for each of two layers."""
    torch.manual_seed(1)
    model = GridLSTM2d(3, 4, 2, untied=True)
    mark_hidden_matrices(model.grid.weights, rows=4)
    return model


def backward(model: GridLSTM2d, seed: int) -> None:
    """Leave the gradients of a loss over the whole output."""
    top, _ = model(torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(seed)))
    (top.hidden.square().sum() + top.memory.sin().sum()).backward()


def take_steps(model: GridLSTM2d, optimizer: torch.optim.Optimizer, count: int, first: int = 0) -> None:
    """Some steps, each on input of its own."""
    for seed in range(first, first + count):
        optimizer.zero_grad()
        backward(model, seed)
        optimizer.step()


def slow_orthogonalize(matrix: torch.Tensor) -> torch.Tensor:
    """Newton-Schulz on one matrix, through its singular values: each goes through the polynomial five times."""
    u, singular, v = torch.linalg.svd(matrix.double(), full_matrices=False)
    singular = singular / (singular.square().sum().sqrt() + 1e-7)
    for _ in range(5):
        singular = 3.4445 * singular - 4.7750 * singular**3 + 2.0315 * singular**5
    return (u * singular) @ v


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 4, 9), (2, 9, 4), (1, 1, 5)])
def test_matrices_become_orthogonal_together(shape: tuple[int, ...]) -> None:
    matrices = torch.randn(*shape, dtype=torch.float32, generator=torch.Generator().manual_seed(1))
    result = orthogonalize(matrices, precision="float32")
    rounded = orthogonalize(matrices, precision="bfloat16")
    assert rounded.dtype == torch.float32
    for mine, less, matrix in zip(result, rounded, matrices, strict=True):
        exact = slow_orthogonalize(matrix)
        torch.testing.assert_close(mine.double(), exact, rtol=1e-5, atol=1e-5)
        assert 1e-4 < float((less - exact).norm() / exact.norm()) < 0.05  # bfloat16 has 8 bits
    singular = torch.linalg.svdvals(result)
    assert float(singular.min()) > 0.6 and float(singular.max()) < 1.25
    assert not orthogonalize(torch.zeros(2, 3, 4)).any()


@pytest.mark.parametrize(
    ("precision", "faster", "columns", "expected"),
    [
        ("auto", True, 64, torch.bfloat16),
        ("auto", True, 63, torch.float32),
        ("auto", False, 64, torch.float32),
        ("float32", True, 64, torch.float32),
        ("bfloat16", False, 9, torch.bfloat16),
    ],
)
def test_bfloat16_is_used_where_it_is_faster_or_asked_for(
    precision: str, faster: bool, columns: int, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[torch.dtype] = []
    iterate = orthogonal._iterate
    asked = (torch.get_num_threads(), torch.get_float32_matmul_precision())
    monkeypatch.setattr(orthogonal, "_bfloat16_is_faster", lambda *given: faster and given == asked)

    def watched(x: torch.Tensor, steps: int) -> torch.Tensor:
        computed.append(x.dtype)
        return iterate(x, steps)

    monkeypatch.setattr(orthogonal, "_iterate", watched)
    orthogonalize(torch.randn(1, 80, columns), precision=precision)
    assert computed == [expected]


def test_the_trial_is_for_one_process_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orthogonal, "_bfloat16_is_faster", lambda *_: True)
    chosen = {name: compute_dtype("auto", torch.device(name), 64) for name in ("cpu", "cuda", "mps")}
    assert chosen == {"cpu": torch.bfloat16, "cuda": torch.bfloat16, "mps": torch.float32}
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    for processes, expected in ((1, torch.bfloat16), (2, torch.float32)):
        monkeypatch.setattr(torch.distributed, "get_world_size", lambda count=processes: count)
        assert compute_dtype("auto", torch.device("cpu"), 64) == expected
    with pytest.raises(ValueError, match="precision half: expected one of auto, float32, bfloat16"):
        orthogonalize(torch.zeros(1, 2, 3), precision="half")


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("share", "faster"), [(0.5, True), (0.79, True), (0.81, False), (20.0, False)])
def test_bfloat16_has_to_be_clearly_faster(
    share: float, faster: bool, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of bfloat16 is `share` of that of float32; a slow moment of the machine does not count."""
    now = 0.0
    slow = iter([1.0] * 8 + [5.0] + [1.0] * 20)

    def iterate(x: torch.Tensor, _steps: int) -> torch.Tensor:
        nonlocal now
        now += next(slow) * (share if x.dtype == torch.bfloat16 else 1.0)
        return x

    clock = {"process_time" if threads == 1 else "perf_counter": lambda: now}
    monkeypatch.setattr(orthogonal, "time", SimpleNamespace(**clock))
    monkeypatch.setattr(orthogonal, "_iterate", iterate)
    assert orthogonal._bfloat16_is_faster.__wrapped__(threads, "highest") == faster


def test_torch_computes_the_same_in_bfloat16() -> None:
    matrix = torch.randn(6, 9, generator=torch.Generator().manual_seed(1))
    mine, theirs = (nn.Parameter(torch.zeros(6, 9)) for _ in range(2))
    mark_hidden_matrices([mine])
    mine.grad, theirs.grad = matrix.clone(), matrix.clone()
    MuonWithAdamW([mine, nn.Parameter(torch.zeros(1))], lr=1.0, precision="float32").step()
    torch.optim.Muon([theirs], lr=1.0, weight_decay=0.0, adjust_lr_fn="match_rms_adamw").step()
    assert float((mine - theirs).norm() / theirs.norm()) < 0.02  # bfloat16 has 8 bits


def test_steps_are_those_of_the_definition() -> None:
    model, twin = marked_grid(), marked_grid()
    take_steps(model, MuonWithAdamW(model.parameters(), lr=0.02, precision="float32", **OPTIONS), 3)

    weights = list(twin.grid.weights)
    rest = [parameter for parameter in twin.parameters() if not any(parameter is weight for weight in weights)]
    adamw = torch.optim.AdamW(rest, lr=0.02, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.3)
    # one matrix for each layer, dimension and gate
    buffers = [torch.zeros(8, 4, 8, dtype=torch.float64) for _ in weights]
    for seed in range(3):
        twin.zero_grad()
        backward(twin, seed)
        adamw.step()
        with torch.no_grad():
            for weight, buffer in zip(weights, buffers, strict=True):
                assert weight.grad is not None and weight.shape == (1, 2, 16, 8)
                for block, matrix in enumerate(weight.view(8, 4, 8)):
                    gradient = weight.grad.view(8, 4, 8)[block].double()
                    buffer[block] = 0.9 * buffer[block] + 0.1 * gradient
                    direction = slow_orthogonalize(0.1 * gradient + 0.9 * buffer[block])
                    matrix.mul_(1 - 0.02 * 0.1).sub_(0.02 * 0.2 * 8**0.5 * direction)

    for (name, mine), theirs in zip(model.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6, msg=name)


def test_a_step_is_as_large_as_adamws() -> None:
    model = marked_grid()
    before = [weight.detach().clone() for weight in model.grid.weights]
    take_steps(model, MuonWithAdamW(model.parameters(), lr=0.01), 1)
    for old, new in zip(before, model.grid.weights, strict=True):
        size = (new.detach() - old).square().mean().sqrt().item()
        assert 0.001 < size < 0.004  # AdamW's updates are about 0.2 times the rate in the long run


def test_a_resumed_run_is_the_uninterrupted_one() -> None:
    whole, cut = marked_grid(), marked_grid()
    take_steps(whole, MuonWithAdamW(whole.parameters(), lr=0.02), 5)

    optimizer = MuonWithAdamW(cut.parameters(), lr=0.02)
    take_steps(cut, optimizer, 2)
    kept = copy.deepcopy((cut.state_dict(), optimizer.state_dict()))
    resumed = marked_grid()
    resumed.load_state_dict(kept[0])
    optimizer = MuonWithAdamW(resumed.parameters(), lr=0.5)  # the state knows the rate
    optimizer.load_state_dict(kept[1])
    take_steps(resumed, optimizer, 3, first=2)

    for mine, theirs in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_how_steps_are_computed_is_this_devices_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch places what it loads for the way that the state names, so that has to be ours before it loads."""
    optimizer = MuonWithAdamW(marked_grid().parameters(), lr=0.02)
    state = copy.deepcopy(optimizer.state_dict())
    state["adamw"]["param_groups"][0]["fused"] = None
    loaded: list[object] = []
    load = torch.optim.AdamW.load_state_dict

    def spy(self: torch.optim.AdamW, given: dict[str, Any]) -> None:
        loaded.append(given["param_groups"][0]["fused"])
        load(self, given)

    monkeypatch.setattr(torch.optim.AdamW, "load_state_dict", spy)
    optimizer.load_state_dict(state)
    assert loaded == [True]
    assert state["adamw"]["param_groups"][0]["fused"] is None


def test_parameters_without_gradients_stay_and_the_rate_reaches_all() -> None:
    model = marked_grid()
    optimizer = FairseqMuon(MuonConfig(lr=[0.1]), list(model.parameters()))
    before = [parameter.detach().clone() for parameter in model.parameters()]
    optimizer.step()
    backward(model, 0)
    optimizer.set_lr(0.0)
    optimizer.step()
    assert optimizer.get_lr() == 0.0
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def test_a_parameter_without_a_gradient_does_not_move_on() -> None:
    """Although its momentum would move it."""
    model = marked_grid()
    optimizer = MuonWithAdamW(model.parameters(), lr=0.02, weight_decay=0.1)
    take_steps(model, optimizer, 2)
    backward(model, 2)
    idle, moving = model.grid.weights
    idle.grad = None
    before = [idle.detach().clone(), moving.detach().clone()]
    buffer = optimizer.state[idle]["momentum_buffer"].clone()
    optimizer.step()
    assert torch.equal(idle, before[0]) and torch.equal(optimizer.state[idle]["momentum_buffer"], buffer)
    assert not torch.equal(moving, before[1])


def test_options_reach_both_optimizers() -> None:
    config = MuonConfig(
        lr=[0.3],
        muon_momentum=0.5,
        adam_betas="(0.6, 0.7)",
        adam_eps=1e-3,
        weight_decay=0.2,
        adam_weight_decay=0.4,
    )
    model = marked_grid()
    optimizer = FairseqMuon(config, list(model.parameters())).optimizer
    backward(model, 0)
    optimizer.step()
    expected = {"lr": 0.3, "betas": (0.6, 0.7), "eps": 1e-3}
    mine = {"momentum": 0.5, "weight_decay": 0.2, "adam_weight_decay": 0.4, **expected}
    assert mine.items() <= optimizer.param_groups[0].items()
    assert {"weight_decay": 0.4, **expected}.items() <= optimizer._adamw.param_groups[0].items()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_precision_reaches_the_steps(precision: str) -> None:
    models = [marked_grid() for _ in range(3)]
    config = MuonConfig(lr=[0.02], muon_precision=precision)
    optimizers = [
        FairseqMuon(config, list(models[0].parameters())).optimizer,
        *(
            MuonWithAdamW(model.parameters(), lr=0.02, precision=name)
            for model, name in zip(models[1:], ("float32", "bfloat16"), strict=True)
        ),
    ]
    for model, optimizer in zip(models, optimizers, strict=True):
        take_steps(model, optimizer, 1)
    equal = [torch.equal(models[0].grid.weights[0], model.grid.weights[0]) for model in models[1:]]
    assert equal == [precision == "float32", precision == "bfloat16"]


def test_a_state_of_other_marks_is_refused() -> None:
    model, other = marked_grid(), marked_grid()
    state = MuonWithAdamW(model.parameters(), lr=0.02).state_dict()
    for weight in [parameter for parameter in other.parameters() if parameter.dim() == 2]:
        mark_hidden_matrices([weight])
    with pytest.raises(ValueError, match="gave Muon other parameters; use --reset-optimizer"):
        MuonWithAdamW(other.parameters(), lr=0.02).load_state_dict(state)


def test_parameters_may_move() -> None:
    model, moved = marked_grid(), marked_grid()
    take_steps(model, MuonWithAdamW(model.parameters(), lr=0.02), 2)
    optimizer = MuonWithAdamW(moved.parameters(), lr=0.02)
    take_steps(moved, optimizer, 1)
    for parameter in moved.parameters():
        parameter.data = parameter.data.clone()
    take_steps(moved, optimizer, 1, first=1)
    for mine, theirs in zip(moved.parameters(), model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("model", "marked"),
    [
        (
            GridLSTM2dModel(GridLSTM2dConfig(hidden_size=4, layers=2, untied=True), 5, 6),
            {"grid.grid.weights.0", "grid.grid.weights.1"},
        ),
        (GridLSTM1dModel(GridLSTM1dConfig(hidden_size=4, layers=2), 7, 2), {"grid.grid.weights.0"}),
        (StackedLSTM(StackedLSTMConfig(hidden_size=4, layers=2), 5, 6), {"lstm.weight_ih_l0", "lstm.weight_hh_l0"}),
        (FeedForward(FeedForwardConfig(hidden_size=4, layers=2), 7, 2), {"hidden.0.weight"}),
    ],
    ids=["grid_lstm_2d", "grid_lstm_1d", "stacked_lstm", "feed_forward"],
)
def test_models_mark_what_lies_between_input_and_output(model: BaseFairseqModel, marked: set[str]) -> None:
    assert {name for name, parameter in model.named_parameters() if hidden_matrix_rows(parameter)} == marked


def test_layers_of_other_models_are_marked_by_their_kind() -> None:
    model = nn.ModuleDict(
        {
            "embedding": nn.Embedding(11, 4),
            "linear": nn.Linear(4, 6),
            "norm": nn.LayerNorm(4),
            "lstm": nn.LSTM(4, 3, bidirectional=True),
            "cell": nn.LSTMCell(5, 3),
            "projected": nn.LSTM(4, 3, proj_size=2),
            "output": nn.Linear(6, 11, bias=False),
        }
    )
    mark_layers(model, vocabulary=11)
    marked = {name: rows for name, weights in model.named_parameters() if (rows := hidden_matrix_rows(weights))}
    lstm = {f"lstm.weight_{kind}_l0{side}": 3 for kind in ("ih", "hh") for side in ("", "_reverse")}
    projected = {"projected.weight_ih_l0": 3, "projected.weight_hh_l0": 3}
    assert marked == {"linear.weight": 6, **lstm, "cell.weight_ih": 3, "cell.weight_hh": 3, **projected}


def test_a_model_that_marks_its_matrices_keeps_its_marks() -> None:
    model = nn.ModuleDict({"linear": nn.Linear(4, 6), "other": nn.Linear(4, 6)})
    mark_hidden_matrices([model["other"].weight], rows=2)  # type: ignore[list-item]
    mark_layers(model, vocabulary=11)
    assert hidden_matrix_rows(model["linear"].weight) is None  # type: ignore[arg-type]
    assert hidden_matrix_rows(model["other"].weight) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": [-0.1]}, "--lr: expected 0 or more, got -0.1"),
        ({"lr": [float("nan")]}, "--lr: expected 0 or more, got nan"),
        ({"muon_momentum": 1.0}, "--muon-momentum: expected at least 0 and below 1, got 1.0"),
        (
            {"adam_betas": "(0.9, 1.0)"},
            "--adam-betas: expected two numbers of at least 0 and below 1",
        ),
        ({"adam_eps": -1.0}, "--adam-eps: expected 0 or more, got -1.0"),
        ({"muon_precision": "half"}, "--muon-precision: expected one of auto, float32, bfloat16, got half"),
        ({"weight_decay": -5.0}, "--weight-decay: expected 0 or more, got -5.0"),
        ({"adam_weight_decay": float("inf")}, "--adam-weight-decay: expected 0 or more, got inf"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FairseqMuon(MuonConfig(**{"lr": [0.1], **options}), list(marked_grid().parameters()))


def test_there_is_one_group_of_parameters_with_options_of_its_own() -> None:
    model = marked_grid()
    optimizer = MuonWithAdamW([{"params": list(model.parameters()), "lr": 0.0}], lr=0.1)
    before = copy.deepcopy(model.state_dict())
    take_steps(model, optimizer, 1)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    with pytest.raises(ValueError, match="give them as one group"):
        optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(2))]})
    first, *others = model.parameters()
    with pytest.raises(ValueError, match="give them as one group"):
        groups: list[dict[str, Any]] = [{"params": [first]}, {"params": others, "lr": 0.0}]
        MuonWithAdamW(groups, lr=0.1)


def test_all_parameters_may_be_marked() -> None:
    matrix = nn.Parameter(torch.eye(4))
    mark_hidden_matrices([matrix])
    optimizer = MuonWithAdamW([matrix], lr=0.1)
    matrix.grad = torch.ones(4, 4)
    optimizer.step()
    assert not torch.equal(matrix, torch.eye(4))
    again = MuonWithAdamW([matrix], lr=0.1)
    again.load_state_dict(optimizer.state_dict())
    torch.testing.assert_close(again.state[matrix], optimizer.state[matrix], rtol=0, atol=0)


def test_a_copy_says_how_to_make_one() -> None:
    optimizer = MuonWithAdamW(marked_grid().parameters(), lr=0.1)
    with pytest.raises(TypeError, match="load_state_dict"):
        copy.deepcopy(optimizer)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no hidden matrices marked.*--optimizer adam"):
        MuonWithAdamW(nn.Linear(3, 3).parameters(), lr=0.1)
    with pytest.raises(ValueError, match="--adam-betas: expected two numbers"):
        FairseqMuon(MuonConfig(lr=[0.1], adam_betas="0.9"), list(marked_grid().parameters()))
    model = marked_grid()
    adam = torch.optim.Adam(model.parameters())
    with pytest.raises(ValueError, match="trained with another optimizer; use --reset-optimizer"):
        MuonWithAdamW(model.parameters(), lr=0.1).load_state_dict(adam.state_dict())
    model = GridLSTM2dModel(GridLSTM2dConfig(hidden_size=4, layers=2), 5, 6)
    assert {hidden_matrix_rows(weight) for weight in model.grid.grid.weights} == {4}, "each gate by itself"


@pytest.mark.parametrize("scale", [128.0, 2.0**20])
def test_mixed_precision_unscales_the_gradients_once(scale: float) -> None:
    """With fairseq's optimizer of --amp the steps are those without; infinite gradients are left out."""

    def train(amp: bool) -> list[torch.Tensor]:
        draw = torch.Generator().manual_seed(1)
        matrix, vectors = (nn.Parameter(torch.randn(size, 8, generator=draw)) for size in (8, 50))
        mark_hidden_matrices([matrix])
        cfg = MuonConfig()
        cfg.lr = [0.01]
        optimizer: Any = FairseqMuon(cfg, [matrix, vectors])
        if amp:
            common = {"common": {"fp16_init_scale": scale, "min_loss_scale": 1e-4}, "optimizer": None}
            optimizer = AMPOptimizer(OmegaConf.create(common), [matrix, vectors], optimizer)
            optimizer._grad_scaler = torch.amp.GradScaler("cpu", init_scale=scale)
        for update in range(4):
            optimizer.zero_grad()
            loss = (vectors @ matrix).tanh().pow(2).mean()
            if update == 2 and amp:
                before = vectors.detach().clone()
                optimizer.backward(loss * torch.inf)
                optimizer.clip_grad_norm(1.0)
                optimizer.step()
                assert torch.equal(vectors, before)
                optimizer.zero_grad()
                loss = (vectors @ matrix).tanh().pow(2).mean()
            optimizer.backward(loss)
            optimizer.clip_grad_norm(1.0)
            optimizer.step()
        return [matrix.detach(), vectors.detach()]

    for mine, expected in zip(train(True), train(False), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-5, atol=1e-6)
