"""The log of experiments: what a training's options are, what is repeated and what refused, and the table."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data_prep.errors import DataError
from data_prep.files import read_json, sha256_of, write_json
from data_prep.manifest import write_manifest
from eval import provenance
from eval.bleu import score
from eval.program import USER_DIR
from eval.provenance import ROOT, Commit, relative
from recipes.tatoeba import __main__ as tatoeba
from recipes.tatoeba import effects, execution, experiments, speed, synthetic
from recipes.tatoeba.catalogue import EXPERIMENTS, group_by_tokens
from recipes.tatoeba.data import VARIANTS, prepare_data, synthetic_path
from recipes.tatoeba.execution import best_checkpoint, execute
from recipes.tatoeba.experiment import Experiment
from recipes.tatoeba.experiments import main
from recipes.tatoeba.synthetic import Place, ready_data
from recipes.tatoeba.tables import _raw_speeds, main_scores, minutes_with_teachers
from recipes.tatoeba.tables import experiments as table

SCORES = score(["a b c d e"], [["a b c d e"]])


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """Trainings and translations that take no time; the list gets the options of each training."""
    trained: list[dict[str, Any]] = []

    def train(data: Path, options: dict[str, Any], log: Path, threads: int, quiet: bool) -> None:
        trained.append(options)
        log.parent.mkdir(parents=True, exist_ok=True)
        entries = [
            "| INFO | fairseq_cli.train | num. shared model params: 1,234,567 (num. trained: 1,234,567)",
            '| INFO | train | {"epoch": 1, "train_ppl": "9.5", "train_num_updates": "10", "train_wall": "5"}',
            '| INFO | valid | {"epoch": 1, "valid_ppl": "7.25", "valid_num_updates": "10"}',
            '| INFO | train | {"epoch": 2, "train_ppl": "4.5", "train_num_updates": "20", "train_wall": "10"}',
            '| INFO | valid | {"epoch": 2, "valid_ppl": "8.25", "valid_num_updates": "20"}',
        ]
        log.write_text("".join(f"2026-01-01 00:00:00 {entry}\n" for entry in entries) + "CPU seconds: 120.0\n")
        (Path(options["save_dir"]) / "checkpoint_best.pt").touch()

    inputs = {"tsv": {"sha256": "a" * 64}}
    write_manifest(tmp_path, {"options": {"segmentation": "jieba"}, "files": {}, "inputs": inputs})
    monkeypatch.setattr(execution, "train", train)
    monkeypatch.setattr(execution, "generate", lambda settings: SCORES)
    return trained


def test_experiments_have_data_and_options_of_their_own() -> None:
    assert len({repr(experiment.training()) + experiment.data for experiment in EXPERIMENTS.values()}) == len(
        EXPERIMENTS
    )
    assert {experiment.data for experiment in EXPERIMENTS.values()} <= set(VARIANTS)
    options = Experiment("", {"dropout": 0.5}, updates=300, lr=0.1, seed=9).training()
    assert (options["dropout"], options["max_update"], options["lr"], options["seed"]) == (0.5, 300, 0.1, 9)
    assert options["warmup_updates"] == 30


def test_a_result_is_the_best_validation_and_is_not_computed_twice(
    programs: list[dict[str, Any]], tmp_path: Path
) -> None:
    for _ in range(2):
        result = execute("end-adam", tmp_path, tmp_path / "work", tmp_path / "results", ["python"])
        assert (result["valid_ppl"], result["best_update"], result["updates"]) == (7.25, 10, 20)
        assert result["train_ppl"] == 4.5 and result["valid"]["bleu"] == pytest.approx(100.0)
    assert (tmp_path / "work" / "experiments" / "end-adam" / "checkpoints" / "manifest.json").exists()
    assert len(programs) == 1 and result == read_json(tmp_path / "results" / "end-adam.json")


def test_other_options_are_refused(
    programs: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--work", str(tmp_path / "work"), "--results", str(tmp_path / "results"), "--only", "end-adam"]
    monkeypatch.setattr(experiments, "ready_data", lambda variant, place, command: tmp_path)
    assert main(arguments) == 0
    monkeypatch.setitem(EXPERIMENTS, "end-adam", Experiment("", {"dropout": 0.9}))
    assert main(arguments) == 2
    assert "is the result of other options; remove it, or give another --results" in capsys.readouterr().err
    assert main([*arguments, "--results", str(tmp_path / "elsewhere")]) == 2
    refusal = "holds a training with other options or data; remove it, or give another --work"
    assert refusal in capsys.readouterr().err
    assert len(programs) == 1


def test_results_of_another_file_of_pairs_are_refused(programs: list[dict[str, Any]], tmp_path: Path) -> None:
    places = tmp_path, tmp_path / "work", tmp_path / "results", ["python"]
    execute("end-adam", *places)
    manifest = {"options": {"segmentation": "jieba"}, "files": {}, "inputs": {"tsv": {"sha256": "b" * 64}}}
    write_manifest(tmp_path, manifest)
    with pytest.raises(DataError, match=r"end-adam\.json: is the result of another file of pairs"):
        execute("end-adam", *places)
    (tmp_path / "results" / "end-adam.json").unlink()
    with pytest.raises(DataError, match="holds a training with other options or data"):
        execute("end-adam", *places)
    assert len(programs) == 1


def test_a_result_from_before_an_option_is_one_with_its_value_of_then(
    programs: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "results" / "end-adam.json"
    result = execute("end-adam", tmp_path, tmp_path / "work", tmp_path / "results", ["python"])
    assert result["options"].pop("embed_scale") == 1.0
    write_json(path, result)
    again = execute("end-adam", tmp_path, tmp_path / "work", tmp_path / "results", ["python"])
    assert again == read_json(path) and len(programs) == 1
    write_json(path, {**result, "options": {**result["options"], "embed_scale": 2.0}})
    with pytest.raises(DataError, match="is the result of other options"):
        execute("end-adam", tmp_path, tmp_path / "work", tmp_path / "results", ["python"])


def test_prepared_data_of_another_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one.tsv").write_text("Hi.\t你好。\n", encoding="utf-8")
    (tmp_path / "two.tsv").write_text("Bye.\t再见。\n", encoding="utf-8")
    data = tmp_path / "data" / "words"
    data.mkdir(parents=True)
    write_manifest(data, {"options": {}, "files": {}, "inputs": {"tsv": {"sha256": sha256_of(tmp_path / "one.tsv")}}})
    assert prepare_data(tmp_path / "one.tsv", tmp_path, "words") == data
    assert prepare_data(None, tmp_path, "words") == data, "the file that was downloaded need not be there any more"
    with pytest.raises(DataError, match=r"was prepared from another file than .*two\.tsv"):
        prepare_data(tmp_path / "two.tsv", tmp_path, "words")
    with pytest.raises(DataError, match=r"three\.tsv"):
        prepare_data(tmp_path / "three.tsv", tmp_path, "words")


def test_examples_of_pairs_without_attributions(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    for name, text in (("raw/test.zh", "你好。"), ("raw/test.en", "Hi."), ("hypotheses.test.txt", "Hello.")):
        (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
    [example] = tatoeba.examples(tmp_path, tmp_path, seed=1)
    assert example == {"source": "你好。", "translation": "Hello.", "references": ["Hi."], "attributions": []}


def test_the_table_shows_what_was_run(programs: list[dict[str, Any]], tmp_path: Path) -> None:
    assert table(tmp_path) == []
    for name in ("end-muon", "end-adam"):
        execute(name, tmp_path, tmp_path / "work", tmp_path / "results", ["python", "-m", name])
    text = "\n".join(table(tmp_path / "results"))
    rows = [line for line in text.splitlines() if line.startswith("| `end-")]
    assert [row.split(" | ")[0] for row in rows] == ["| `end-adam`", "| `end-muon`"], "in the order of the list"
    assert rows[0].endswith("| 20 | 2 | 1.2 M | 4.50 | 7.25 | 100.00 |")
    bare = "readout=end, output_dropout=0.0, embed_dropout=0.0, embed_scale=1.0"
    assert f"* `end-adam`: {bare}. `python -m end-adam`" in text
    assert f"* `end-muon`: optimizer=muon, {bare}. `python -m end-muon`" in text


def test_the_compared_experiments_differ_in_what_is_named() -> None:
    """As the committed results say, which name the options of their trainings."""
    scale, decay, length = {"embed_scale"}, {"adam_betas"}, {"max_update", "total_num_update", "warmup_updates"}
    readout = {"readout"}
    differences = {
        ("end-adam", "end-muon"): {"optimizer"},
        ("lexical-adam", "lexical-muon"): {"optimizer"},
        ("end-muon", "max-muon"): readout,
        ("end-muon", "attention-muon"): readout,
        ("attention-muon", "lexical-muon"): readout,
        ("lexical-muon", "rare-words"): decay,
        ("rare-words", "rare-words-scaled"): scale,
        ("lexical-muon", "pieces"): {"data"},
        ("pieces-phrases", "pieces-phrases-long"): {*length, "matmul_precision"},
        ("pieces-phrases-long", "pieces-phrases-scaled-long"): scale,
        ("pieces-phrases-seed-3", "pieces-phrases-scaled-dropped"): {*scale, "embed_dropout"},
        ("pieces-phrases-scaled-dropped", "pieces-phrases-decayed"): {"weight_decay"},
        ("pieces-phrases-decayed", "pieces-phrases-shared"): {
            "embed_dim",
            "readout_dim",
            "share_decoder_input_output_embed",
        },
        ("lstm-long", "lstm-long-rare-words"): decay,
    }
    folder = ROOT / "recipes" / "tatoeba" / "results" / "experiments"
    compared = 0
    for _, *names in effects.EFFECTS:
        paths = [execution.result_path(name, folder) for name in names]
        if not all(path.exists() for path in paths) or tuple(names) not in differences:
            continue
        results = [read_json(path) for path in paths]
        before, after = ({**execution.EARLIER, **result["options"], "data": result["data"]} for result in results)
        found = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert found == differences[names[0], names[1]], names
        compared += 1
    assert compared == len(differences)


def test_single_choices_are_compared(programs: list[dict[str, Any]], tmp_path: Path) -> None:
    assert effects.table(tmp_path) == []
    for name, bleu in (("end-muon", 20.0), ("max-muon", 23.5), ("lexical-adam", 24.0)):
        write_json(tmp_path / f"{name}.json", {"valid": {"bleu": bleu}})
    rows = [line for line in effects.table(tmp_path) if line.startswith("| it")]
    assert rows == ["| it also reads the maximum over the row | `end-muon` | `max-muon` | 20.00 | 23.50 | +3.50 |"]
    for effect in effects.EFFECTS:
        before, after = (EXPERIMENTS[name] for name in (effect.before, effect.after))
        assert before.reverse == after.reverse and before != after


def test_names_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(EXPERIMENTS)


def test_the_speed_is_that_of_the_fastest_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The systems take turns; each line of the log is what fairseq-generate reports."""
    reported = iter([10.0, 3.0, 5.0, 2.0, 20.0, 2.5, 4.0, 2.0, 15.0, 2.0, 6.0, 1.0])
    runs: list[list[str]] = []

    def run_generate(arguments: list[str], log: Any, threads: int) -> Generator[str, None, None]:
        runs.append(arguments)
        yield "H-0\t-1\tI"
        log.write(f"INFO: Translated 980 sentences (8,114 tokens) in 31.5s ({next(reported):.2f} sentences/s, 2 t/s)\n")

    monkeypatch.setattr(speed, "run_generate", run_generate)
    monkeypatch.setattr(speed.GenerationSettings, "check_inputs", lambda self: None)
    loaded: list[dict[str, Any]] = []
    clock = iter([0.0, 2.0, 10.0, 11.0, *[20.0, 24.0] * 10])

    def load_model(checkpoints: Any, **options: Any) -> Any:
        loaded.append(options)
        return SimpleNamespace(translate=lambda texts: None)

    monkeypatch.setattr(speed, "load_model", load_model)
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(clock))
    (tmp_path / "data" / "pieces-phrases" / "raw").mkdir(parents=True)
    (tmp_path / "data" / "pieces-phrases" / "raw" / "valid.zh").write_text("你好\n" * 8, encoding="utf-8")
    output = tmp_path / "speed.json"
    systems = ["one=pieces-phrases", "two=pieces-phrases,pieces-phrases-seed-3"]
    assert speed.main([*systems, "--work", str(tmp_path), "--output", str(output)]) == 0
    assert read_json(output)["systems"] == {"one": {"5": 20.0, "20": 6.0}, "two": {"5": 3.0, "20": 2.0}}
    assert read_json(output)["raw"] == {"one": {"5": 4.0, "20": 2.0}, "two": {"5": 8.0, "20": 2.0}}
    assert [options["beam"] for options in loaded[:4]] == [5, 5, 20, 20] and loaded[0]["threads"] == 1
    speeds = read_json(output) | {"raw": {"one": {"5": 18.0, "20": 6.0}}}
    assert "one 0.90 / 1.00. " in _raw_speeds(speeds)
    assert runs[2][runs[2].index("--beam") + 1] == "20"
    assert runs[1][runs[1].index("--path") + 1].count("checkpoint_best.pt") == 2


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ("one=nothing", "no experiment 'nothing'"),
        (
            "one=pieces,words-all",
            "the members of an ensemble need the same tokens, but their data are pieces and words",
        ),
    ],
)
def test_systems_that_cannot_be_measured(system: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert speed.main([system, "--output", "speed.json"]) == 2
    assert message in capsys.readouterr().err


TEXTS = {"text": [f"我有{n}只猫。" for n in range(100, 112)], "english": [f"I have {n} cats." for n in range(100, 112)]}


@pytest.fixture
def taught(
    programs: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[list[str]], Place]:
    """The arguments of each translation of the training set, whose output is made up; and a place with data."""
    runs: list[list[str]] = []

    def run_generate(arguments: list[str], threads: int) -> Generator[str, None, None]:
        runs.append(arguments)
        backward = "en" in arguments
        for n in reversed(range(12)):
            translation = f"<phrase> 猫 {n}" if backward else f"▁c ats ▁{n} ▁."
            yield f"H-{n}\t-1\t{translation if n else ''}\n"

    tsv = tmp_path / "pairs.tsv"
    pairs = zip(TEXTS["english"], TEXTS["text"], strict=True)
    tsv.write_text("".join(f"{english}\t{chinese}\n" for english, chinese in pairs), encoding="utf-8")
    monkeypatch.setattr(synthetic, "run_generate", run_generate)
    split = {"test_permille": 0, "valid_permille": 0}
    for name in ("pieces-phrases", "pieces-phrases-translated"):
        monkeypatch.setitem(VARIANTS, name, split)  # type: ignore[arg-type]
    return runs, Place(tsv, tmp_path / "work", tmp_path / "results", 1)


def test_teachers_are_trained_and_their_translations_are_training_data(
    taught: tuple[list[list[str]], Place], programs: list[dict[str, Any]]
) -> None:
    runs, place = taught
    data = ready_data("pieces-phrases-translated", place, ["python"])
    assert len(programs) == 3 and len(runs) == 2
    binarised = relative(place.work / "data" / "pieces-phrases" / "bin")
    for arguments, teachers, direction in (
        (runs[0], ("pieces-phrases", "pieces-phrases-seed-3"), []),
        (runs[1], ("reverse",), ["--source-lang", "en", "--target-lang", "zh"]),
    ):
        paths = os.pathsep.join(relative(best_checkpoint(teacher, place.work)) for teacher in teachers)
        assert arguments == [
            binarised, "--path", paths, "--user-dir", relative(USER_DIR), "--task", "reencoder_translation",
            "--gen-subset", "train", *direction, "--beam", "5", "--unkpen", "1000.0", "--batch-size", "64",
            "--max-blocks", "20000", "--required-batch-size-multiple", "1", "--no-progress-bar",
        ]  # fmt: skip
    lines = [
        (data / "text" / f"train1.{language}").read_text(encoding="utf-8").split("\n") for language in ("zh", "en")
    ]
    assert lines[0][:2] == ["我 有 101 只 猫 。", "我 有 102 只 猫 。"] and lines[1][:2] == ["cats 1 .", "cats 2 ."]
    assert lines[0][11] == "猫 1" and lines[1][11] == "i have 101 cats ."
    assert len(lines[0]) == 11 + 11 + 1, "none with an empty side"
    ready_data("pieces-phrases-translated", place, ["python"])
    assert len(programs) == 3 and len(runs) == 2, "nothing is repeated"


def test_the_minutes_of_teachers_count(taught: tuple[list[list[str]], Place]) -> None:
    _, place = taught
    data = ready_data("pieces-phrases-translated", place, ["python"])
    name = "pieces-phrases-translated"
    student = execute(name, data, place.work, place.results, ["python"])
    pairs = {teacher: place.work / "synthetic" / f"{teacher}.tsv" for teacher in ("forward", "backward")}
    assert student["synthetic"] == {teacher: sha256_of(path) for teacher, path in pairs.items()}
    teachers = [read_json(place.results / f"{teacher}.json") for teacher in ("pieces-phrases", "reverse")]
    assert [minutes_with_teachers([result]) for result in teachers] == [2, 2]
    assert minutes_with_teachers([student]) == pytest.approx(4 * 2, abs=0.1)
    assert minutes_with_teachers([student, teachers[0]]) == pytest.approx(4 * 2, abs=0.1), "each training once"
    row = next(line for line in table(place.results) if line.startswith(f"| `{name}`"))
    assert " | 2 + 6 | " in row


def test_a_failed_translation_leaves_nothing(
    taught: tuple[list[list[str]], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, place = taught
    monkeypatch.setattr(synthetic, "run_generate", lambda arguments, threads: iter_lines("H-3\t-1\t▁c\n"))
    with pytest.raises(DataError, match="1 hypotheses for 12 sources"):
        ready_data("pieces-phrases-translated", place, ["python"])
    assert not list((place.work / "synthetic").glob("*"))


def test_the_training_set_that_is_translated_is_the_one_that_was_prepared(
    taught: tuple[list[list[str]], Place], tmp_path: Path
) -> None:
    runs, place = taught
    ready_data("pieces-phrases", place, ["python"])
    other = tmp_path / "other.tsv"
    assert place.tsv is not None
    other.write_text("".join(reversed(place.tsv.read_text("utf-8").splitlines(keepends=True))), "utf-8")
    with pytest.raises(DataError, match=r"pieces-phrases: was prepared from another file than .*other\.tsv"):
        ready_data("pieces-phrases-translated", replace(place, tsv=other), ["python"])
    assert not runs and not synthetic_path("forward", place.work).exists()


def test_a_finished_teacher_without_its_checkpoint_is_told(
    taught: tuple[list[list[str]], Place], programs: list[dict[str, Any]], tmp_path: Path
) -> None:
    runs, place = taught
    ready_data("pieces-phrases-translated", place, ["python"])
    with pytest.raises(DataError, match=r"checkpoint_best\.pt: no such checkpoint, but .*pieces-phrases\.json says"):
        ready_data("pieces-phrases-translated", replace(place, work=tmp_path / "other"), ["python"])
    assert len(programs) == 3 and len(runs) == 2


def test_a_finished_experiment_needs_no_data(
    programs: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    execute("end-adam", tmp_path, tmp_path / "work", tmp_path / "results", ["python"])
    monkeypatch.delattr(experiments, "ready_data")
    arguments = ["--work", str(tmp_path / "new"), "--results", str(tmp_path / "results"), "--only", "end-adam"]
    assert main(arguments) == 0
    assert "valid   7.25, BLEU 100.00" in capsys.readouterr().out and not (tmp_path / "new").exists()


def iter_lines(*lines: str) -> Generator[str, None, None]:
    yield from lines


def test_models_with_the_same_tokens_make_an_ensemble() -> None:
    same = ["pieces-phrases", "pieces-phrases-translated", "pieces-phrases-guided", "reverse"]
    assert group_by_tokens([*same, "words-all-phrases"]) == [same, ["words-all-phrases"]]


def test_a_student_of_changed_code_is_marked(
    taught: tuple[list[list[str]], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code changed while a teacher was trained: translations and student say so, too."""
    _, place = taught
    monkeypatch.setattr(provenance, "commit", lambda root=None: Commit("a" * 40, dirty=False))
    for teacher in ("pieces-phrases", "pieces-phrases-seed-3", "reverse"):
        execute(teacher, ready_data("pieces-phrases", place, ["python"]), place.work, place.results, ["python"])
    path = place.results / "reverse.json"
    result = read_json(path)
    result["provenance"]["commit"] = {"revision": "a" * 40, "dirty": True}
    write_json(path, result)
    data = ready_data("pieces-phrases-translated", place, ["python"])
    records = [read_json(place.work / "synthetic" / f"{name}.json") for name in ("forward", "backward")]
    student = execute("pieces-phrases-translated", data, place.work, place.results, ["python"])
    assert [found["provenance"]["commit"]["dirty"] for found in (*records, student)] == [False, True, True]


def test_the_readme_shows_its_choice_of_the_systems_best_first(tmp_path: Path) -> None:
    member = {"name": "lstm", "cpu_seconds": 600.0}
    for name, bleu in (("lstm-long-rare-words", 20.0), ("something-else", 40.0)):
        scores = {"bleu": bleu, "chrf2": 41.5, "ter": 60.25}
        (tmp_path / name).mkdir()
        write_json(tmp_path / name / "result.json", {"members": [member], "scores": {"test": scores}})
    names = ("Moses, tuned on valid, unknown words dropped", "another")
    write_json(tmp_path / "baselines.json", [{"system": name, "bleu": 30.0, "chrf2": 49.0} for name in names])
    rows = [
        "| Moses, phrase-based, tuned | 1 | - | 30.00 | 49.00 | - |",
        "| fairseq's LSTM with attention, Adam | 1 | 10 | 20.00 | 41.50 | 60.25 |",
    ]
    assert main_scores(tmp_path, tmp_path / "baselines.json")[2:] == rows

    chance = {"lstm-long-rare-words": {"interval": 2.04, "p_randomisation": None}}
    chance |= {name: {"interval": 2.0, "p_randomisation": p} for name, p in (("transformer", 0.0123), ("moses", 0.5))}
    document = {"baseline": "lstm-long-rare-words", "scores": {"lstm-long-rare-words": {"sources": 953}}}
    write_json(tmp_path / "compare.any.json", document | {"tests": {"BLEU": chance, "chrF2": chance}})
    assert main_scores(tmp_path, tmp_path / "baselines.json")[4:] == [
        "",
        "953 sentences: a BLEU is known to within about 2.0 (95%). Paired approximate randomisation against fairseq's "
        "LSTM with attention, Adam, p of BLEU, chrF2: fairseq's Transformer, Adam 0.0123, 0.0123; Moses, "
        "phrase-based, tuned 0.5000, 0.5000.",
    ]
    member["cpu_seconds"] = None  # type: ignore[assignment]
    write_json(
        tmp_path / "lstm-long-rare-words" / "result.json",
        {"members": [member | {"provenance": {"wall_seconds": 720.0}}], "scores": {"test": scores | {"bleu": 31.0}}},
    )
    assert [line for line in main_scores(tmp_path, tmp_path / "baselines.json") if "\\*" in line] == [
        r"| fairseq's LSTM with attention, Adam | 1 | 12\* | 31.00 | 41.50 | 60.25 |",
        r"\* wholly or in part from start to end; the others are minutes of CPU time.",
    ]
