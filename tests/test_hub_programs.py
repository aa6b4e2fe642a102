"""The text processing inside fairseq's own programs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from data_prep.files import read_json, sha256_of, write_json
from reencoder.hub import Reencoder
from tests.hub_helpers import POSITIONS, SENTENCES, TRAINING
from tests.programs import fairseq, hypotheses, succeed


def test_fairseq_interactive_says_the_same(hub_folder: Path, hub_model: Reencoder) -> None:
    options = ["--path", hub_folder / "trained" / "checkpoint_last.pt", "--tokenizer", "reencoder", "--nbest", 3]
    options += ["--task", "reencoder_translation", "--cpu", "--beam", 5]
    typed = "".join(f"{sentence}\n" for sentence in SENTENCES)
    output = succeed("interactive", hub_folder / "trained" / "bin", *options, stdin=typed)
    texts: dict[int, list[str]] = {}
    for line in output.splitlines():
        if line.startswith("D-"):
            name, _, text = line.split("\t")
            texts.setdefault(int(name[2:]), []).append(text)
    found = hub_model.candidates(SENTENCES, 3)
    assert sum(map(bool, found)) == 4
    for number, score_and_words in hypotheses(output).items():
        if not found[number]:
            assert texts[number] == [""], "an empty source has an empty translation"
            continue
        assert [translation.text for translation in found[number]] == texts[number]
        for translation, (score, words) in zip(found[number], score_and_words, strict=True):
            assert translation.tokens.split() == words
            assert translation.score == pytest.approx(score, abs=3.5e-6)


def test_fairseq_refuses_another_manifest(hub_folder: Path) -> None:
    options = ["--path", hub_folder / "trained" / "checkpoint_last.pt", "--tokenizer", "reencoder", "--cpu"]
    options += ["--task", "reencoder_translation", "--text-manifest", hub_folder / "other" / "manifest.json"]
    done = fairseq("interactive", hub_folder / "data" / "bin", *options, stdin="你好！\n")
    assert done.status != 0
    assert "the checkpoint was trained on data that were prepared otherwise" in done.stderr


def test_fairseq_refuses_constraints_that_it_would_split_as_chinese(hub_folder: Path) -> None:
    options = ["--path", hub_folder / "trained" / "checkpoint_last.pt", "--task", "reencoder_translation", "--cpu"]
    options += ["--tokenizer", "reencoder", "--constraints"]
    done = fairseq("interactive", hub_folder / "data" / "bin", *options, stdin="你好！\tHello\n")
    assert done.status != 0
    assert "--tokenizer reencoder: --constraints would be split as if they were Chinese" in done.stderr


def test_fairseq_refuses_data_with_other_tokens(hub_folder: Path) -> None:
    options = ["--path", hub_folder / "trained" / "checkpoint_last.pt", "--task", "reencoder_translation", "--cpu"]
    done = fairseq("generate", hub_folder / "other" / "bin", *options)
    assert done.status != 0
    assert f"{hub_folder / 'other' / 'manifest.json'}: the checkpoint was trained on data that were" in done.stderr


@pytest.mark.parametrize("program", ["generate", "train"])
def test_fairseq_refuses_a_changed_dictionary(program: str, hub_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(hub_folder / "data", tmp_path / "data")
    dictionary = tmp_path / "data" / "bin" / "dict.en.txt"
    first, second, *others = dictionary.read_text().splitlines(keepends=True)
    dictionary.write_text("".join([second, first, *others]))
    options = ["--task", "reencoder_translation", "--cpu"]
    if program == "generate":
        options += ["--path", str(hub_folder / "trained" / "checkpoint_last.pt")]
    else:
        options += ["--arch", "reencoder_tiny", "--optimizer", "adam", "--save-dir", str(tmp_path / "trained")]
        options += ["--batch-size", "64"]
    done = fairseq(program, tmp_path / "data" / "bin", *options)
    assert done.status != 0
    assert f"{dictionary}: is not the file that {tmp_path / 'data' / 'manifest.json'} describes" in done.stderr
    assert not list((tmp_path / "trained").glob("*"))


def test_training_resumes_with_the_tokens_that_it_began_with(hub_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(hub_folder / "trained", tmp_path / "trained")
    # The same dictionaries, as torch would complain about others of another size.
    shutil.copytree(hub_folder / "data", tmp_path / "data")
    manifest = read_json(tmp_path / "data" / "manifest.json")
    manifest["options"]["segmentation"] = "char"
    write_json(tmp_path / "data" / "manifest.json", manifest)
    options = ["--task", "reencoder_translation", "--arch", "reencoder_tiny", "--optimizer", "adam", "--lr", 0.01]
    options += ["--max-source-positions", POSITIONS, "--batch-size", 64, "--max-update", 16, "--disable-validation"]
    options += ["--no-epoch-checkpoints", "--num-workers", 0, "--seed", 1, "--save-dir", tmp_path / "trained"]
    before = sha256_of(tmp_path / "trained" / "checkpoint_last.pt")
    done = fairseq("train", tmp_path / "data" / "bin", *options)
    assert done.status != 0
    assert f"{tmp_path / 'data' / 'manifest.json'}: the checkpoint was trained on data that were" in done.stderr
    assert sha256_of(tmp_path / "trained" / "checkpoint_last.pt") == before
    succeed("train", hub_folder / "data" / "bin", *options)
    assert sha256_of(tmp_path / "trained" / "checkpoint_last.pt") != before


def test_bleu_of_readable_text_during_training(hub_folder: Path, tmp_path: Path) -> None:
    options = ["--task", "reencoder_translation", "--arch", "reencoder_tiny", "--optimizer", "adam", "--lr", 0.01]
    options += ["--batch-size", 64, "--max-update", 1, "--no-save", "--save-dir", tmp_path, "--num-workers", 0]
    bleu = ["--eval-bleu", "--eval-bleu-detok", "reencoder", "--eval-bleu-args", '{"beam": 2}']
    bleu += ["--eval-bleu-print-samples"]
    log = succeed("train", hub_folder / "data" / "bin", *options, *bleu)
    assert "| bleu " in log
    references = set((hub_folder / "data" / "raw" / "valid.en.0").read_text().splitlines())
    shown = [line.split("example reference: ")[1] for line in log.splitlines() if "example reference: " in line]
    pattern = re.escape(shown[0]).replace("UNKNOWNTOKENINREF", ".+")  # what fairseq makes of unknown words
    assert any(re.fullmatch(pattern, text, re.IGNORECASE) for text in references)


@pytest.mark.parametrize(
    ("data", "direction", "message"),
    [
        (
            "other",
            [],
            "the checkpoint was trained on data that were prepared otherwise; a model keeps the tokens of its",
        ),
        (
            "data",
            ["--source-lang", "en", "--target-lang", "zh"],
            "the checkpoint translates zh to en; expected en to zh",
        ),
    ],
)
def test_fairseq_trains_a_model_further_only_with_its_tokens_and_direction(
    hub_folder: Path, tmp_path: Path, data: str, direction: list[str], message: str
) -> None:
    """Here the sizes of the dictionaries differ, too, but other tokens may be as many."""
    shutil.copytree(hub_folder / "trained", tmp_path / "trained")
    checkpoint = tmp_path / "trained" / "checkpoint_last.pt"
    options = [*TRAINING, *direction, "--max-update", 20]
    for start in (
        ["--finetune-from-model", checkpoint, "--save-dir", tmp_path / "further"],
        ["--restore-file", checkpoint, "--reset-dataloader", "--reset-optimizer", "--save-dir", tmp_path / "further"],
        ["--reset-dataloader", "--save-dir", tmp_path / "trained"],
    ):
        done = fairseq("train", hub_folder / data / "bin", *options, *start)
        assert done.status != 0 and message in done.stderr, start
    assert sha256_of(checkpoint) == sha256_of(hub_folder / "trained" / "checkpoint_last.pt")
    assert not list(tmp_path.glob("further/*.pt"))


def test_fairseq_translates_only_in_the_direction_of_the_training(hub_folder: Path) -> None:
    options = ["--path", hub_folder / "trained" / "checkpoint_last.pt", "--task", "reencoder_translation", "--cpu"]
    done = fairseq("generate", hub_folder / "data" / "bin", *options, "--source-lang", "en", "--target-lang", "zh")
    assert done.status != 0
    assert "the checkpoint translates zh to en; expected en to zh: --source-lang and --target-lang have" in done.stderr


def test_fairseqs_own_task_takes_the_checkpoints(hub_folder: Path) -> None:
    """What the plugin's task records in a model means nothing to another task."""
    options = ["--path", hub_folder / "trained" / "checkpoint_last.pt", "--task", "translation", "--cpu"]
    output = succeed("generate", hub_folder / "data" / "bin", *options, "--gen-subset", "valid", "--beam", 2)
    assert "H-0\t" in output


def test_a_model_of_fairseqs_own_resumes_only_with_its_tokens(hub_folder: Path, tmp_path: Path) -> None:
    """Such a model has no record of its data, but what the training gives back to the task has one."""
    other = tmp_path / "other"
    shutil.copytree(hub_folder / "data", other)
    manifest = read_json(other / "manifest.json")
    manifest["options"]["keep_case"] = True
    write_json(other / "manifest.json", manifest)
    sizes = [f"--{side}-{part}" for side in ("encoder", "decoder") for part in ("embed-dim", "hidden-size")]
    model = ["--arch", "lstm", *(word for size in sizes for word in (size, 8)), "--decoder-out-embed-dim", 8]
    options = [*TRAINING, *model, "--save-dir", tmp_path / "trained"]
    succeed("train", hub_folder / "data" / "bin", *options, "--max-update", 1)
    done = fairseq("train", other / "bin", *options, "--max-update", 2)
    assert done.status != 0 and "data that were prepared otherwise; name their folder, or start again" in done.stderr
