"""A copy task through the real programs: train, continue, translate, score, converse, and fail with a reason."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
import sacrebleu
import torch

import reencoder  # noqa: F401  # allows what checkpoints hold
from tests.programs import fairseq, hypotheses, succeed

SYMBOLS = [f"w{n}" for n in range(10)]
MODEL = [
    "--arch",
    "reencoder_tiny",
    "--hidden-size",
    48,
    "--dropout",
    0.0,
    "--readout",
    "end",
    "--task",
    "reencoder_translation",
]
TRAINING = [
    *("--optimizer", "adam", "--lr", 0.01, "--clip-norm", 1.0, "--lr-scheduler", "polynomial_decay"),
    *("--warmup-updates", 30, "--total-num-update", 500, "--max-update", 500),
    *("--max-blocks", 2500, "--batch-size", 128, "--num-workers", 0, "--log-format", "json", "--log-interval", 100),
    *("--no-epoch-checkpoints",),
]
SENTENCES = {"train": 4000, "valid": 101, "test": 203}  # no multiples of 8: none may go missing


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Binarised sentences that are to be copied."""
    folder = tmp_path_factory.mktemp("copy")
    draw = random.Random(1)
    for split, count in SENTENCES.items():
        lines = [" ".join(draw.choices(SYMBOLS, k=draw.randint(1, 7))) for _ in range(count)]
        for language in ("zh", "en"):
            (folder / f"{split}.{language}").write_text("".join(f"{line}\n" for line in lines))
    prefixes = [part for split in SENTENCES for part in (f"--{split}pref", folder / split)]
    succeed("preprocess", "-s", "zh", "-t", "en", *prefixes, "--destdir", folder / "bin", "--joined-dictionary")
    return folder


@pytest.fixture(scope="module")
def trained(data: Path) -> Path:
    """Folder of the checkpoints of a model that has learned the task."""
    succeed("train", data / "bin", *MODEL, *TRAINING, "--save-dir", data / "trained", "--seed", 1)
    return data / "trained"


@pytest.fixture(scope="module")
def checkpoint(trained: Path) -> Path:
    return trained / "checkpoint_last.pt"


@pytest.fixture(scope="module")
def half_trained(data: Path) -> Path:
    """A model that has not learned much, whose mistakes the search has to live with."""
    folder = data / "half"
    succeed("train", data / "bin", *MODEL, *TRAINING, "--max-update", 40, "--save-dir", folder, "--eval-bleu")
    return folder / "checkpoint_last.pt"


def generate(data: Path, path: object, *arguments: object, task: str = "reencoder_translation") -> str:
    options = ["--task", task, "--path", path, "--batch-size", 64, "--num-workers", 0, *arguments]
    return succeed("generate", data / "bin", *options)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_copying_is_learned(data: Path, checkpoint: Path) -> None:
    found = hypotheses(generate(data, checkpoint))
    assert sorted(found) == list(range(SENTENCES["test"])), "one translation a source, none missing"
    texts = [" ".join(found[n][0][1]) for n in sorted(found)]
    assert sacrebleu.corpus_bleu(texts, [lines(data / "test.en")], tokenize="none").score > 95


def test_the_stock_task_gives_the_same_translations(data: Path, checkpoint: Path) -> None:
    ours = hypotheses(generate(data, checkpoint, "--min-len-ratio", 0))
    stock = hypotheses(generate(data, checkpoint, "--required-batch-size-multiple", 1, task="translation"))
    assert {n: found[0][1] for n, found in ours.items()} == {n: found[0][1] for n, found in stock.items()}


def test_checkpoints_are_loaded_safely(checkpoint: Path, half_trained: Path) -> None:
    for path in (checkpoint, half_trained):  # the latter holds the meters of --eval-bleu
        assert torch.load(path, weights_only=True)["cfg"]


def test_a_checkpoint_from_before_the_first_release_is_refused(data: Path, half_trained: Path, tmp_path: Path) -> None:
    old = torch.load(half_trained, weights_only=True)
    old["model"] = {name: value for name, value in old["model"].items() if not name.startswith("checkpoint_version")}
    old["cfg"]["model"]["grid_layers"] = 2  # an option that no longer exists
    old["cfg"]["task"]["max_cells"] = 2500
    torch.save(old, tmp_path / "old.pt")
    options = ["--task", "reencoder_translation", "--path", tmp_path / "old.pt", "--batch-size", 64]
    done = fairseq("generate", data / "bin", *options)
    assert done.status != 0
    assert "this checkpoint was written before the first release" in done.stderr


def test_scores_of_the_search_are_those_of_the_text(data: Path, half_trained: Path, tmp_path: Path) -> None:
    """What `--score-reference` says of the hypotheses as references is what the search said."""
    found = hypotheses(generate(data, half_trained, "--beam", 3))
    for n in sorted(found):
        assert found[n][0][1], "an empty line could not be scored"
    (tmp_path / "test.en").write_text("".join(" ".join(found[n][0][1]) + "\n" for n in sorted(found)))
    (tmp_path / "test.zh").write_text((data / "test.zh").read_text())
    dictionaries = ["--srcdict", data / "bin" / "dict.zh.txt", "--tgtdict", data / "bin" / "dict.en.txt"]
    succeed(
        "preprocess",
        "-s",
        "zh",
        "-t",
        "en",
        "--testpref",
        tmp_path / "test",
        "--destdir",
        tmp_path / "bin",
        *dictionaries,
    )
    scored = hypotheses(generate(tmp_path, half_trained, "--score-reference"))
    assert len(scored) == SENTENCES["test"]
    for n, [(score, words)] in scored.items():
        assert words == found[n][0][1]
        assert score == pytest.approx(found[n][0][0], abs=2e-6)  # float32, batched otherwise


def test_an_ensemble_of_one_model_with_itself_is_that_model(data: Path, half_trained: Path) -> None:
    one = hypotheses(generate(data, half_trained))
    two = hypotheses(generate(data, f"{half_trained}:{half_trained}"))
    assert {n: found[0][1] for n, found in one.items()} == {n: found[0][1] for n, found in two.items()}
    for n in one:
        assert two[n][0][0] == pytest.approx(one[n][0][0], abs=2e-6)


def test_a_prefix_is_a_prefix_of_the_output(data: Path, half_trained: Path) -> None:
    references = [line.split() for line in lines(data / "test.en")]
    for n, found in hypotheses(generate(data, half_trained, "--prefix-size", 2)).items():
        assert found[0][1][:2] == references[n][:2]


def test_a_language_model_has_its_say_in_the_search(data: Path, half_trained: Path, tmp_path: Path) -> None:
    favourite = SYMBOLS[7]
    for split in ("train", "valid"):
        (tmp_path / f"{split}.en").write_text(f"{favourite} {favourite} {favourite}\n" * 200)
    dictionary = data / "bin" / "dict.en.txt"
    prefixes = ["--trainpref", tmp_path / "train.en", "--validpref", tmp_path / "valid.en"]
    succeed("preprocess", "--only-source", *prefixes, "--srcdict", dictionary, "--destdir", tmp_path / "lm")
    size = [f"--decoder-{part}" for part in ("embed-dim", "ffn-embed-dim", "layers", "attention-heads")]
    options: list[object] = [value for pair in zip(size, (16, 16, 1, 2), strict=True) for value in pair]
    options += ["--task", "language_modeling", "--arch", "transformer_lm", "--tokens-per-sample", 32]
    options += ["--sample-break-mode", "complete", "--batch-size", 16, "--required-batch-size-multiple", 1]
    options += ["--optimizer", "adam", "--lr", 0.01, "--max-update", 20, "--num-workers", 0, "--disable-validation"]
    succeed("train", tmp_path / "lm", *options, "--no-epoch-checkpoints", "--save-dir", tmp_path)
    # fairseq's generation looks for the language model's dictionary in the folder of the pairs.
    shutil.copytree(data / "bin", tmp_path / "bin")
    shutil.copy(dictionary, tmp_path / "bin" / "dict.txt")
    plain = hypotheses(generate(data, half_trained))
    fused = ["--lm-path", tmp_path / "checkpoint_last.pt", "--lm-weight"]
    counts = []
    for weight in (0, 3):
        found = hypotheses(generate(tmp_path, half_trained, *fused, weight))
        assert found.keys() == plain.keys()
        if weight == 0:
            assert {n: each[0][1] for n, each in found.items()} == {n: each[0][1] for n, each in plain.items()}
        counts.append(sum(each[0][1].count(favourite) for each in found.values()))
    assert counts[0] < counts[1]


def test_forced_words_are_in_every_translation(data: Path, half_trained: Path) -> None:
    sources, forced = ["w3 w1 w2", "w5 w4", "w9"], ["w8", "w0", "w2"]
    typed = "".join(f"{source}\t{word}\n" for source, word in zip(sources, forced, strict=True))
    options = ["--task", "reencoder_translation", "--path", half_trained, "--constraints", "--beam", 8]
    found = hypotheses(succeed("interactive", data / "bin", *options, stdin=typed))
    assert sorted(found) == [0, 1, 2]
    for n, word in enumerate(forced):
        assert word in found[n][0][1]


@pytest.mark.parametrize("ratio", [0.5, 1.5])
def test_every_candidate_is_long_enough(data: Path, half_trained: Path, ratio: float) -> None:
    output = generate(data, half_trained, "--min-len-ratio", ratio, "--beam", 6, "--nbest", 6)
    found = hypotheses(output)
    sources = [line.split() for line in lines(data / "test.zh")]
    assert all(len(candidates) == 6 for candidates in found.values())
    lengths = [(len(words), len(sources[n])) for n, candidates in found.items() for _, words in candidates]
    assert all(length >= ratio * source for length, source in lengths)
    if ratio > 1:  # without the limit the model would end earlier
        free = hypotheses(generate(data, half_trained, "--min-len-ratio", 0))
        assert any(len(candidates[0][1]) < ratio * len(sources[n]) for n, candidates in free.items())


def test_groups_of_the_beam_do_not_depend_on_the_batches(data: Path, half_trained: Path) -> None:
    options = ["--beam", 4, "--diverse-beam-groups", 2, "--diverse-beam-strength", 2, "--nbest", 4]
    at_once, batches = (hypotheses(generate(data, half_trained, *options, "--batch-size", size)) for size in (999, 7))
    assert len(at_once) == SENTENCES["test"]
    assert all([words for _, words in batches[n]] == [words for _, words in found] for n, found in at_once.items())


def test_interactive_translates_lines_in_their_order(data: Path, checkpoint: Path) -> None:
    typed = ["w3 w1 w2", "w5", "w9 w8 w7 w6"]
    options = ["--task", "reencoder_translation", "--path", checkpoint, "--buffer-size", 8, "--batch-size", 8]
    output = succeed("interactive", data / "bin", *options, stdin="".join(f"{line}\n" for line in typed))
    assert [" ".join(found[0][1]) for _, found in sorted(hypotheses(output).items())] == typed


def test_validate_reads_a_checkpoint(data: Path, checkpoint: Path) -> None:
    done = fairseq(
        "validate", data / "bin", "--task", "reencoder_translation", "--path", checkpoint, "--batch-size", 64
    )
    assert done.status == 0, done.stderr[-2000:]
    assert "ppl" in done.stdout + done.stderr


def test_stopping_and_continuing_is_training_in_one_go(data: Path, tmp_path: Path) -> None:
    """12 updates at once, and 5 then 7 more from the checkpoint, end with the same parameters, bit for bit."""
    options = [data / "bin", *MODEL, *TRAINING, "--dropout", 0.1, "--max-epoch", 1]
    short = ["--disable-validation", "--seed", 7]
    succeed("train", *options, *short, "--max-update", 12, "--save-dir", tmp_path / "whole")
    for updates in (5, 12):
        succeed("train", *options, *short, "--max-update", updates, "--save-dir", tmp_path / "parts")
    whole, parts = (
        torch.load(tmp_path / name / "checkpoint_last.pt", weights_only=True) for name in ("whole", "parts")
    )
    assert whole["model"].keys() == parts["model"].keys()
    for name, value in whole["model"].items():
        assert torch.equal(value, parts["model"][name]), name


@pytest.mark.parametrize("extra", [[], ["--score-reference"]])
def test_alignments_end_in_a_clear_error(data: Path, half_trained: Path, extra: list[str]) -> None:
    options = ["--task", "reencoder_translation", "--path", half_trained, "--batch-size", 64, "--print-alignment"]
    done = fairseq("generate", data / "bin", *options, *extra)
    assert done.status != 0
    assert "--print-alignment: this model has no alignments" in done.stderr


def test_a_readout_that_attends_prints_where_words_come_from(data: Path, tmp_path: Path) -> None:
    """Words of a copy come from the same position, whatever padding a batch has."""
    attention = ["--readout", "lexical-attention", "--optimizer", "muon", "--max-update", 200]
    succeed("train", data / "bin", *MODEL, *TRAINING, *attention, "--save-dir", tmp_path, "--seed", 1)
    output = generate(data, tmp_path / "checkpoint_last.pt", "--print-alignment")
    right = total = 0
    alignments = [line.split("\t")[1].split() for line in output.splitlines() if line.startswith("A-")]
    for pairs in alignments:
        right += sum(pair.split("-")[0] == pair.split("-")[1] for pair in pairs)
        total += len(pairs)
    assert len(alignments) == SENTENCES["test"] and right > 0.8 * total > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--max-blocks", 0], "--max-blocks: expected at least 1, got 0"),
        (["--min-len-ratio", -1], "--min-len-ratio: expected 0 or more"),
        (["--max-source-positions", 5], "the model allows (5, 1024)"),
        (["--hidden-size", 0], "--hidden-size: expected at least 1"),
        (["--embed-dim", -1], "--embed-dim: expected 0 or more"),
    ],
)
def test_bad_options_are_named(data: Path, tmp_path: Path, options: list[object], message: str) -> None:
    done = fairseq("train", data / "bin", *MODEL, *TRAINING, "--save-dir", tmp_path / "never", *options)
    assert done.status != 0
    assert message in done.stderr
    assert not list(tmp_path.glob("never/*.pt"))


def test_an_empty_training_set_is_refused(data: Path, tmp_path: Path) -> None:
    for language in ("zh", "en"):
        (tmp_path / f"train.{language}").write_text("")
        (tmp_path / f"valid.{language}").write_text("w1\n")
    pairs = ["--trainpref", tmp_path / "train", "--validpref", tmp_path / "valid"]
    dictionaries = ["--srcdict", data / "bin" / "dict.zh.txt", "--tgtdict", data / "bin" / "dict.en.txt"]
    succeed("preprocess", "-s", "zh", "-t", "en", *pairs, "--destdir", tmp_path / "bin", *dictionaries)
    done = fairseq("train", tmp_path / "bin", *MODEL, *TRAINING, "--save-dir", tmp_path / "never")
    assert done.status != 0
    assert "the train set has no sentence" in done.stderr
