"""Tuning, averaging and n-best lists with the real programs: a small model that has begun to learn to copy."""

import json
import random
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

from data_prep.errors import DataError
from eval.__main__ import main
from eval.alignment import load_aligner
from eval.hypotheses import best_hypotheses, in_source_order, parse_candidates
from eval.pair_scores import score_tokens
from eval.tune import best_at
from reencoder import scoring
from tests.programs import error_of_printed, succeed

SYMBOLS = [f"w{n}" for n in range(8)]
SENTENCES = {"train": 600, "valid": 23, "test": 9}
TRAINING = [
    *("--arch", "reencoder_tiny", "--hidden-size", 24, "--dropout", 0.0, "--task", "reencoder_translation"),
    *("--optimizer", "adam", "--lr", 0.01, "--clip-norm", 1.0, "--max-update", 15, "--batch-size", 32),
    *("--save-interval-updates", 5, "--no-epoch-checkpoints", "--disable-validation", "--num-workers", 0, "--seed", 1),
    *("--store-ema", "--ema-decay", 0.9),
]
LENPENS = ("1", "0", "2.5", "-1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data as `data_prep` lays them out, and checkpoints after 5, 10 and 15 updates."""
    root = tmp_path_factory.mktemp("copy")
    for name in ("raw", "text"):
        (root / name).mkdir()
    draw = random.Random(1)
    for split, count in SENTENCES.items():
        lines = [" ".join(draw.choices(SYMBOLS, k=draw.randint(2, 6))) for _ in range(count)]
        for name in (f"{split}.zh", f"{split}.en", f"text/{split}.zh", f"text/{split}.en"):
            (root / name).write_text("".join(f"{line}\n" for line in lines))
        for name in (f"raw/{split}.zh", f"raw/{split}.en.0"):
            (root / name).write_text("".join(f"{line}\n" for line in lines))
    prefixes = [part for split in SENTENCES for part in (f"--{split}pref", root / split)]
    succeed("preprocess", "-s", "zh", "-t", "en", *prefixes, "--destdir", root / "bin", "--joined-dictionary")
    succeed("train", root / "bin", *TRAINING, "--save-dir", root / "trained")
    return root


def run(*arguments: object) -> None:
    assert main([str(argument) for argument in arguments]) == 0


def load(path: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state


@pytest.fixture(scope="module")
def averaged(folder: Path) -> Path:
    run("average", folder / "trained", "--last", 2, "--output", folder / "average" / "model.pt")
    return folder / "average" / "model.pt"


def test_average_is_the_mean(folder: Path, averaged: Path) -> None:
    names = [path.name for path in (folder / "trained").iterdir() if path.name.count("_") == 2]
    names = sorted(names, key=lambda name: int(name.removesuffix(".pt").split("_")[2]))[-2:]
    assert [name.split("_")[2] for name in names] == ["10.pt", "15.pt"]
    states = [load(folder / "trained" / name) for name in names]
    result = load(averaged)
    assert [entry["updates"] for entry in result["extra_state"]["average"]["checkpoints"]] == [10, 15]
    differ = 0
    for name, value in result["model"].items():
        first, second = (state["model"][name] for state in states)
        assert torch.allclose(value.double(), (first.double() + second.double()) / 2, atol=1e-7)
        differ += not torch.equal(first, second)
    assert differ > 5, "training changed the parameters"


def test_tuning(folder: Path, averaged: Path) -> None:
    run(
        *("tune", folder, "--path", averaged, "--beams", 3, "--unkpens", 0, "--min-len-ratios", 0.25),
        *("--lenpens", *LENPENS, "--overwrite", "--", "--cpu", "--max-len-b", 9),
    )
    document = json.loads((averaged.parent / "search.json").read_text())
    assert document["runs"] == 2 and [entry["lenpen"] for entry in document["tried"]] == [float(p) for p in LENPENS]
    assert len({entry["length_ratio"] for entry in document["tried"]}) > 1, "the length penalty has an effect"
    assert document["scores"]["bleu"] == document["bleu_reranked"] == max(entry["bleu"] for entry in document["tried"])


def test_length_penalties_reorder_what_the_search_found(folder: Path, averaged: Path) -> None:
    """The list of a search is the same for all length penalties, and `best_at` ranks it as fairseq does."""
    lists = {}
    for lenpen in ("0", "2.5"):
        out = folder / f"out-{lenpen}"
        run(
            *("generate", folder, "--path", averaged, "--output", out, "--split", "valid", "--beam", 3, "--nbest", 3),
            *("--lenpen", lenpen, "--unkpen", 0.5, "--untuned", "--", "--cpu", "--max-len-b", 9),
        )
        lines = (out / "generate-valid.txt").read_text().splitlines()
        lists[lenpen] = in_source_order(parse_candidates(lines, at_most=3), SENTENCES["valid"])
    moved = 0
    for plain, long in zip(lists["0"], lists["2.5"], strict=True):
        assert len(plain) == 3
        assert sorted(candidate.tokens for candidate in plain) == sorted(candidate.tokens for candidate in long)
        assert best_at(plain, 2.5).tokens == long[0].tokens
        moved += plain[0].tokens != long[0].tokens
        for candidate in plain:
            allowed = error_of_printed(len(candidate.token_scores))
            assert candidate.score == pytest.approx(sum(candidate.token_scores), abs=allowed)
            assert len(candidate.token_scores) == len(candidate.tokens.split()) + 1
    assert moved > 0, "the length penalty has an effect"
    run(
        "mbr", folder / "out-0" / "generate-valid.txt", "--data", folder, "--split", "valid", "--output", folder / "mbr"
    )
    document = json.loads((folder / "mbr" / "scores.valid.json").read_text())
    assert document["candidates"]["per_source"] == {"least": 3, "mean": 3.0, "most": 3}
    assert document["candidates"]["files"][0]["settings"]["nbest"] == 3


def test_moving_average_of_training(folder: Path) -> None:
    path = folder / "trained" / "checkpoint_last.pt"
    run("average", path, "--ema", "--output", folder / "ema" / "model.pt")
    state = load(path)
    result = load(folder / "ema" / "model.pt")["model"]
    name = next(name for name in result if name.endswith("weights.0"))
    assert torch.equal(result[name], state["extra_state"]["ema"][name])
    assert not torch.equal(result[name], state["model"][name])


@pytest.mark.parametrize("method", ["readout", "gradient"])
def test_alignments_of_a_model_that_copies(folder: Path, averaged: Path, method: str) -> None:
    numbers = [2, 3, 7]
    out = folder / method
    run(
        *("align", averaged, "--data", folder, "--split", "valid", "--sentences", *numbers, "--method", method),
        *("--json", out / "lines", "--pharaoh", out / "links"),
    )
    sources = (folder / "valid.zh").read_text().splitlines()
    found = [json.loads(line) for line in (out / "lines").read_text().splitlines()]
    assert [entry["number"] for entry in found] == numbers
    for entry, number, links in zip(found, numbers, (out / "links").read_text().splitlines(), strict=True):
        words = sources[number - 1].split()
        assert (entry["source"], entry["target"]) == ([*words, "</s>"], words)
        for target, weights in enumerate(entry["weights"]):
            assert sum(weights) == pytest.approx(1, abs=error_of_printed(len(weights)))
            best = max(range(len(weights)), key=weights.__getitem__)
            assert best == len(words) or f"{best}-{target}" in links.split()


def test_alignments_of_translations_and_the_picture(folder: Path, averaged: Path) -> None:
    out = folder / "out-align"
    run("generate", folder, "--path", averaged, "--output", out, "--split", "valid", "--untuned", "--", "--cpu")
    translated = out / "generate-valid.txt"
    options = ["align", averaged, "--data", folder, "--split", "valid", "--translations", translated]
    hypotheses = best_hypotheses(parse_candidates(translated.read_text().splitlines()))
    number = next(n for n, hypothesis in hypotheses.items() if hypothesis.tokens) + 1
    run(*options, "--sentences", number, "--picture", out / "map.svg")
    tree = ElementTree.parse(out / "map.svg")
    labels = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    source = (folder / "valid.zh").read_text().splitlines()[number - 1].split()
    assert labels == [*source, "</s>", *hypotheses[number - 1].tokens.split()]
    run(*options, "--sentences", number, "--picture", out / "map.png")
    assert (out / "map.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sentences", "24"], "--sentences 24: the valid set has the sentences 1 to 23"),
        (["--picture", "x.svg"], "--picture: draws one sentence, not 23; name it with --sentences N"),
        (["--source", "w1"], "--source and --target: give both or neither"),
        (["--source", "w1", "--target", "w1", "--sentences", "1"], "--source: cannot be combined with --sentences"),
        (["--device", "meta"], "--device meta: Tensor.item() cannot be called on meta tensors"),
        (["--sentences", "1", "--picture", "x.jpg"], "x.jpg: the name of a heat map must end in .svg or .png"),
    ],
)
def test_bad_options_of_align(
    folder: Path, averaged: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["align", str(averaged), "--data", str(folder), "--split", "valid", *options]) == 2
    error = capsys.readouterr().err
    assert error.splitlines()[-1].startswith(f"error: {message}")


def test_reranking_by_models_of_both_directions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reverse = [*TRAINING, "--source-lang", "en", "--target-lang", "zh", "--max-update", 5]
    succeed("train", folder / "bin", *reverse, "--save-dir", folder / "reverse")
    forward, out = folder / "trained" / "checkpoint_last.pt", folder / "lists"
    search = ["--split", "valid", "--beam", 4, "--nbest", 4, "--untuned", "--", "--cpu", "--max-len-b", 9]
    run("generate", folder, "--path", forward, "--output", out, *search)
    lines = (out / "generate-valid.txt").read_text().splitlines()
    lists = in_source_order(parse_candidates(lines), SENTENCES["valid"])
    sources = (folder / "text" / "valid.zh").read_text().splitlines()
    pairs = [(source, found) for source, group in zip(sources, lists, strict=True) for found in group]
    targets = [found.tokens for _, found in pairs]
    again = score_tokens(forward, folder, [source for source, _ in pairs], targets)
    for mine, (_, candidate) in zip(again, pairs, strict=True):
        printed = candidate.token_scores
        assert mine == pytest.approx(sum(printed), abs=error_of_printed(len(printed)))
    smaller = partial(scoring.score_pairs, max_blocks=60)  # any batches give the same scores
    monkeypatch.setattr(scoring, "score_pairs", smaller)
    assert score_tokens(forward, folder, [source for source, _ in pairs], targets) == pytest.approx(again, abs=7e-6)
    # A reverse model's scores are those of fairseq-generate --score-reference.
    scores = score_tokens(folder / "reverse" / "checkpoint_last.pt", folder, sources, sources)
    options = [folder / "bin", "--path", folder / "reverse" / "checkpoint_last.pt", "--task", "reencoder_translation"]
    options += ["-s", "en", "-t", "zh", "--gen-subset", "valid", "--score-reference", "--batch-size", 32, "--cpu"]
    found = in_source_order(parse_candidates(succeed("generate", *options).splitlines()), SENTENCES["valid"])
    for mine, (reference,) in zip(scores, found, strict=True):
        printed = reference.token_scores
        assert mine == pytest.approx(sum(printed), abs=error_of_printed(len(printed)))
    scorers = [forward, folder / "reverse" / "checkpoint_last.pt"]
    run("rerank", out, "--data", folder, "--scorers", *scorers, "--split", "valid", "--output", folder / "reranked")
    document = json.loads((folder / "reranked" / "scores.valid.json").read_text())
    first = json.loads((out / "scores.valid.json").read_text())
    assert document["scores"]["bleu"] >= first["scores"]["bleu"]
    assert next(iter(document["weights"])) == "search" and len(document["weights"]) == 5
    with pytest.raises(DataError, match="translates en to zh; expected zh to en"):
        load_aligner(folder / "reverse" / "checkpoint_last.pt", folder)
