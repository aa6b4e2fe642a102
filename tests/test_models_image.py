"""The 3-LSTM that reads images: patches, readouts, sizes, what it refuses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from fairseq.models import ARCH_CONFIG_REGISTRY, ARCH_MODEL_REGISTRY
from torch import Tensor

from reencoder.grid import GridLSTM3d
from reencoder.grid.modules.grid3d import CORNER_SCANS
from reencoder.models.image import (
    IMAGE_READOUTS,
    GridLSTMImageConfig,
    GridLSTMImageModel,
    ImageReadout,
    patches,
)
from reencoder.optim.matrices import hidden_matrix_rows
from tests.grids import stack_reference

D, SIZE = 5, (6, 4)


def model(**options: Any) -> GridLSTMImageModel:
    torch.manual_seed(1)
    cfg = GridLSTMImageConfig(**{"patch": 2, "hidden_size": D, "layers": 3, "readout_size": 7, **options})
    return GridLSTMImageModel(cfg, SIZE, 10)


def pictures(batch: int = 3) -> Tensor:
    return torch.randint(0, 256, (batch, *SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_patches_are_squares_of_the_image_row_by_row() -> None:
    image = torch.arange(24).view(1, 6, 4)  # pixel (y, x) is 4 y + x
    found = patches(torch.cat([image, image + 100]), 2)
    assert found.shape == (3, 2, 2, 4)
    assert found[0, 0, 0].tolist() == [0, 1, 4, 5]
    assert found[0, 1, 0].tolist() == [2, 3, 6, 7]
    assert found[2, 0, 0].tolist() == [16, 17, 20, 21]
    assert found[2, 1, 1].tolist() == [118, 119, 122, 123]
    assert patches(image, 1).squeeze().tolist() == image[0].tolist()


@pytest.mark.parametrize("readout", IMAGE_READOUTS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"layers": 1, "untied": True, "readout_layers": 0},
        {"layers": 2, "softmax_reads": "hidden", "readout_layers": 2},
        {"layers": 4, "depth": "lstm", "untied": True},
        {"layers": 3, "depth": "lstm", "softmax_reads": "hidden", "depth_priority": 1},
    ],
    ids=str,
)
def test_the_model_is_the_reference_and_the_layers_on_top(readout: Any, options: dict[str, Any]) -> None:
    """The grid block after block, the features position after position."""
    built = model(readout=readout, **options).double()
    images = pictures()
    stack = built.grid.stack
    entering = built.grid.project(patches(images.double() / 255, 2))
    assert stack.options.scans == CORNER_SCANS[: stack.options.layers]
    leaving, top = stack_reference(stack, [(None, None)] * stack.options.layers, entering)  # type: ignore[list-item]
    assert top is not None
    with_memory = options.get("softmax_reads") != "hidden"

    def read(state: Any, *position: int) -> Tensor:
        parts = (state.hidden, state.memory) if with_memory else (state.hidden,)
        return torch.cat([part[position] for part in parts], dim=-1)

    by_position = [read(top, a, b) for a in range(3) for b in range(2)]
    if readout == "all":
        features = torch.cat(by_position, dim=-1)
    else:
        # where the scans of layers 1 to 4 end: each at another corner
        a, b = [(2, 1), (0, 0), (2, 0), (0, 1)][stack.options.layers - 1]
        parts = [read(top, a, b), read(leaving[-1][0], b), read(leaving[-1][1], a)]
        if readout == "pool":
            together = torch.stack(by_position)
            parts += [together.max(dim=0).values, together.sum(dim=0) / 6]
        features = torch.cat(parts, dim=-1)
    for layer in built.connected:
        features = (features @ layer.weight.t() + layer.bias).clamp(min=0)  # type: ignore[operator,union-attr]
    logits = features @ built.output.weight.t() + built.output.bias
    torch.testing.assert_close(built(images), logits.unsqueeze(1), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("scan", CORNER_SCANS)
def test_the_last_corner_has_seen_the_whole_image(scan: tuple[bool, bool]) -> None:
    """At the corner where the scan starts, no state has."""
    torch.manual_seed(1)
    grid = GridLSTM3d(1, D, 1, scans=[scan], depth="relu")
    readout = ImageReadout(grid, (3, 4), "corner", True)
    picture = torch.randn(3, 4, 1, 1, requires_grad=True)
    top, leaving = grid(picture)

    def seen() -> int:
        features = readout(top, leaving[-1])
        (gradient,) = torch.autograd.grad(features.square().sum(), picture, retain_graph=True)
        return int((gradient != 0).sum())

    assert seen() == 12
    readout.corner = tuple(-1 - position for position in readout.corner)
    assert seen() < 12


@pytest.mark.parametrize("untied", [False, True])
@pytest.mark.parametrize("readout", IMAGE_READOUTS)
@pytest.mark.parametrize("depth", ["relu", "lstm"])
def test_the_model_has_the_size_of_its_equations(untied: bool, readout: str, depth: str) -> None:
    built = model(untied=untied, readout=readout, readout_layers=2, depth=depth)
    of_depth, entering = (4, 2) if depth == "lstm" else (1, 1)  # transforms; vectors that the image is projected to
    read = 2 * D if depth == "lstm" else D
    width = {"all": 6 * read, "corner": read + 4 * D, "pool": 3 * read + 4 * D}[readout]
    block = (8 + of_depth) * D * (3 * D + 1)
    connected = (width + 1) * 7 + 8 * 7 + 8 * 10
    expected = 5 * entering * D + (3 if untied else 1) * block + connected
    assert sum(parameter.numel() for parameter in built.parameters()) == expected
    assert built.readout.width == width


def test_hidden_matrices_are_those_of_the_grid_by_gates_and_the_connected_layers() -> None:
    built = model(untied=True, readout_layers=2)
    rows = {name: hidden_matrix_rows(parameter) for name, parameter in built.named_parameters()}
    marked = {name: count for name, count in rows.items() if count is not None}
    expected: dict[str, int] = {}
    for layer in range(3):
        expected |= {f"grid.stack.weights.{layer}": D, f"grid.stack.depth_weights.{layer}": D}
    assert marked == {**expected, "connected.0.weight": 7, "connected.1.weight": 7}


def test_grey_levels_are_scaled_to_one() -> None:
    built = model().eval()
    seen: list[Tensor] = []
    built.grid.project.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    built(torch.full((1, *SIZE), 255, dtype=torch.uint8))
    assert (seen[0] == 1).all()


def test_dropout_acts_only_in_training() -> None:
    images = pictures(64)
    for option in ("dropout", "readout_dropout"):
        built = model(**{option: 0.5})
        assert not torch.equal(built(images), built(images))
        built.eval()
        assert torch.equal(built(images), built(images))


def test_gradients_reach_every_parameter() -> None:
    for readout in IMAGE_READOUTS:
        built = model(readout=readout, untied=True, readout_size=20)
        built(pictures(40)).square().sum().backward()
        # with priority 0, the depth of the last layer at the last corner reads only what enters there
        for name, parameter in built.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, f"{readout}: {name}"


def test_a_model_is_built_from_what_a_task_says_of_its_images() -> None:
    task = SimpleNamespace(image_size=(8, 12), target_dictionary="abc")
    built = GridLSTMImageModel.build_model(GridLSTMImageConfig(hidden_size=4, layers=1, patch=4), task)
    assert built(torch.zeros(2, 8, 12)).shape == (2, 1, 3)
    with pytest.raises(ValueError, match="this task has no images; use --task grid_mnist"):
        GridLSTMImageModel.build_model(GridLSTMImageConfig(), SimpleNamespace(target_dictionary="abc"))
    with pytest.raises(ValueError, match=r"images: expected shape \(batch, 8, 12\), got \(2, 12, 8\)"):
        built(torch.zeros(2, 12, 8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch": 3}, r"--patch: expected a divisor of both sides of an image \(6 x 4 pixels\), got 3"),
        ({"patch": 0}, "--patch: expected at least 1, got 0"),
        ({"layers": 0}, "--layers: expected at least 1, got 0"),
        ({"hidden_size": 0}, "--hidden-size: expected at least 1"),
        ({"dropout": 1.0}, "--dropout: expected a probability"),
        ({"depth_priority": 2}, "--depth-priority: expected 0 or 1, got 2"),
        ({"readout_layers": -1}, "--readout-layers: expected 0 or more, got -1"),
        ({"readout_size": 0}, "--readout-size: expected at least 1, got 0"),
        ({"readout_dropout": 1.0}, r"--readout-dropout: expected a probability in \[0, 1\), got 1.0"),
        ({"input_scale": -1.0}, "--input-scale: expected 0 or more"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model(**options)


def test_the_preset_has_the_papers_sizes() -> None:
    args = SimpleNamespace(hidden_size=7)
    ARCH_CONFIG_REGISTRY["grid_lstm_image_mnist"](args)
    assert ARCH_MODEL_REGISTRY["grid_lstm_image_mnist"] is GridLSTMImageModel
    assert args.hidden_size == 7 and args.patch == 2 and args.layers == 4 and args.untied
    assert args.readout_layers == 2 and args.readout_size == 4096


def test_the_preset_has_as_many_parameters_as_its_sizes_say() -> None:
    args = SimpleNamespace()
    ARCH_CONFIG_REGISTRY["grid_lstm_image_mnist"](args)
    with torch.device("meta"):
        built = GridLSTMImageModel(GridLSTMImageConfig(**vars(args)), (28, 28), 10)
    d, wide = 100, 4096
    # four layers with weights of their own: gates of two dimensions, the depth, and biases
    grid = 4 * (8 + 1) * d * (3 * d + 1) + (2 * 2 + 1) * d
    connected = (14 * 14 * d + 1) * wide + (wide + 1) * wide + (wide + 1) * 10
    assert sum(parameter.numel() for parameter in built.parameters()) == grid + connected == 98_192_078
