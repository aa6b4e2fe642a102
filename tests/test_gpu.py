"""What runs on a GPU gives what a CPU gives; skipped without a GPU. See also `test_grid_kernel_triton.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from data_prep.options import Options
from data_prep.phrasebook import write_phrasebook
from data_prep.prepare import prepare
from reencoder.hub import Reencoder
from reencoder.models.reencoder import ReencoderModel
from reencoder.optim.muon import MuonWithAdamW
from tests.programs import hypotheses, succeed
from tests.test_models_reencoder import VARIANTS, batch, build, sentences

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")

GPU = "cuda"
PAD = 1


def loss_and_gradients(model: ReencoderModel, device: str) -> list[Tensor]:
    """The loss of two sentences of different lengths, and the gradients of all parameters, on the CPU."""
    model.to(device).zero_grad()
    source = batch(sentences(7, 4), left=True).to(device)
    target, previous = batch(sentences(5, 6)).to(device), batch(sentences(5, 6, first=2)).to(device)
    logits, _ = model(source, source.ne(PAD).sum(1), previous)
    loss = functional.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD)
    loss.backward()
    return [
        loss.detach().cpu(),
        *(parameter.grad.cpu() for parameter in model.parameters() if parameter.grad is not None),
    ]


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS.keys())
def test_losses_and_gradients_are_those_of_the_cpu(options: dict[str, Any]) -> None:
    model = build(**options)
    expected = loss_and_gradients(model, "cpu")
    for mine, theirs in zip(loss_and_gradients(model, GPU), expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-11)


def test_muon_takes_about_the_steps_of_the_cpu() -> None:
    """On a GPU it orthogonalizes in bfloat16."""
    after = []
    for device in ("cpu", GPU):
        model = build(readout="lexical-attention", readout_heads=2)
        before = [parameter.detach().cpu().clone() for parameter in model.parameters()]
        optimizer = MuonWithAdamW(model.to(device).parameters(), lr=0.01)
        loss_and_gradients(model, device)
        optimizer.step()
        after.append([new.detach().cpu() - old for new, old in zip(model.parameters(), before, strict=True)])
    for on_cpu, on_gpu in zip(*after, strict=True):
        assert (on_gpu - on_cpu).norm() <= 0.03 * on_cpu.norm()


def test_a_model_trained_on_the_gpu_translates_there_and_on_the_cpu(tmp_path: Path) -> None:
    write_phrasebook(tmp_path / "pairs.tsv", 300, 1)
    prepare(Options(tmp_path / "data", tsv=[tmp_path / "pairs.tsv"]))
    data, save = tmp_path / "data" / "bin", tmp_path / "trained"
    options = ["--task", "reencoder_translation", "--arch", "reencoder_tiny", "--optimizer", "muon", "--lr", 0.01]
    options += ["--matmul-precision", "high", "--batch-size", 64, "--max-update", 20, "--seed", 1, "--num-workers", 0]
    output = succeed("train", data, *options, "--no-epoch-checkpoints", "--save-dir", save)
    assert "training on 1 devices (GPUs" in output
    search = ["--task", "reencoder_translation", "--path", save / "checkpoint_last.pt", "--beam", 4]
    there = hypotheses(succeed("generate", data, *search, "--batch-size", 16))
    here = hypotheses(succeed("generate", data, *search, "--batch-size", 16, "--cpu"))
    assert there.keys() == here.keys()
    same = sum(there[name][0][1] == here[name][0][1] for name in here)
    assert same >= 0.9 * len(here)  # two translations can be equally good up to rounding
    for name in here:
        assert there[name][0][0] == pytest.approx(here[name][0][0], abs=1e-3)


def test_the_hub_takes_a_device(tmp_path: Path) -> None:
    write_phrasebook(tmp_path / "pairs.tsv", 300, 1)
    prepare(Options(tmp_path / "data", tsv=[tmp_path / "pairs.tsv"]))
    options = ["--task", "reencoder_translation", "--arch", "reencoder_tiny", "--optimizer", "adam", "--lr", 0.01]
    options += ["--batch-size", 64, "--max-update", 3, "--num-workers", 0, "--disable-validation", "--cpu"]
    succeed("train", tmp_path / "data" / "bin", *options, "--save-dir", tmp_path / "trained")
    checkpoint = tmp_path / "trained" / "checkpoint_last.pt"
    data = tmp_path / "data"
    models = [Reencoder.from_pretrained(checkpoint, data=data, device=device) for device in ("cpu", GPU)]
    scores = [model.score("你好！", "Hello!") for model in models]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)
    before = torch.cuda.get_rng_state()
    drawn = models[1].sample("你好！", 3)
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert models[1].sample("你好！", 3) == drawn
