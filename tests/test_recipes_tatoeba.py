"""The log of experiments: what a training's options are, what is repeated and what refused, and the table."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data_prep.errors import DataError
from data_prep.files import read_json, sha256_of, write_json
from data_prep.manifest import write_manifest
from data_prep.options import Options
from eval.curves import CurvePoint
from eval.provenance import ROOT
from recipes.tatoeba import __main__ as tatoeba
from recipes.tatoeba import effects, execution, experiments, speed, synthetic
from recipes.tatoeba.catalogue import EXPERIMENTS, group_by_tokens
from recipes.tatoeba.data import VARIANTS, prepare_data, synthetic_path
from recipes.tatoeba.execution import execute
from recipes.tatoeba.experiment import Experiment
from recipes.tatoeba.experiments import main
from recipes.tatoeba.experiments_table import experiments as table
from recipes.tatoeba.systems_table import _raw_speeds, main_scores
from tests.tatoeba_helpers import replace_programs


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    return replace_programs(monkeypatch, tmp_path)


def test_experiments_have_data_and_options_of_their_own() -> None:
    assert len({repr(experiment.training()) + experiment.data for experiment in EXPERIMENTS.values()}) == len(
        EXPERIMENTS
    )
    assert {experiment.data for experiment in EXPERIMENTS.values()} == set(VARIANTS)
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
    assert [start["command"] for start in result["starts"]] == [["python"]]
    assert (tmp_path / "work" / "experiments" / "end-adam" / "checkpoints" / "manifest.json").exists()
    assert len(programs) == 1 and result == read_json(tmp_path / "results" / "end-adam.json")


def test_all_starts_of_a_training_are_recorded(
    programs: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted with changed code, and resumed from a clean checkout."""
    places = tmp_path, tmp_path / "work", tmp_path / "results"

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    clean, dirty = ({"revision": "a" * 40, "dirty": changed} for changed in (False, True))
    with monkeypatch.context() as patch:
        patch.setattr(execution, "train", interrupted)
        patch.setattr(execution.Stopwatch, "commit_record", lambda self: dirty)
        with pytest.raises(KeyboardInterrupt):
            execute("end-adam", *places, ["python", "first"])
    monkeypatch.setattr(execution.Stopwatch, "commit_record", lambda self: clean)
    result = execute("end-adam", *places, ["python", "second"])
    starts = [(start["command"][1], start["commit"]) for start in result["starts"]]
    assert starts == [("first", dirty), ("second", clean)]
    assert result["provenance"]["commit"] == dirty
    assert ", in 2 parts, " in "\n".join(table(tmp_path / "results"))


def test_the_best_validation_is_the_last_of_equal_ones() -> None:
    losses = (None, 5.0, 4.5, 4.5, 4.625)
    curve = [CurvePoint(1, updates, valid_loss=loss) for updates, loss in enumerate(losses, start=1)]
    assert execution.best_point(curve).updates == 4


def test_other_options_are_refused(
    programs: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--work", str(tmp_path / "work"), "--results", str(tmp_path / "results"), "--only", "end-adam"]
    monkeypatch.setattr(experiments, "ready_data", lambda variant, folders, command: tmp_path)
    assert main(arguments) == 0
    monkeypatch.setitem(EXPERIMENTS, "end-adam", Experiment("", {"dropout": 0.9}))
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert "is the result of other options (dropout 0.25, now 0.9; " in error
    assert "); remove it, or give another --results" in error
    assert main([*arguments, "--results", str(tmp_path / "elsewhere")]) == 2
    error = capsys.readouterr().err
    assert "holds a training with other options or data (dropout 0.25, now 0.9; " in error
    assert "); remove it, or give another --work" in error
    assert len(programs) == 1


def test_results_of_another_file_of_pairs_are_refused(programs: list[dict[str, Any]], tmp_path: Path) -> None:
    places = tmp_path, tmp_path / "work", tmp_path / "results", ["python"]
    execute("end-adam", *places)
    manifest = {"options": {"segmentation": "jieba"}, "files": {}, "inputs": {"tsv": {"sha256": "b" * 64}}}
    write_manifest(tmp_path, manifest)
    with pytest.raises(DataError, match=r"end-adam\.json: is the result of another file of pairs"):
        execute("end-adam", *places)
    (tmp_path / "results" / "end-adam.json").unlink()
    with pytest.raises(DataError, match=r"with other options or data \(tsv_sha256 a+, now b+\)"):
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
    options = Options(dest=data, tsv=[tmp_path / "one.tsv"]).recorded()
    inputs = {"tsv": {"sha256": sha256_of(tmp_path / "one.tsv")}}
    write_manifest(data, {"options": options, "files": {}, "inputs": inputs})
    assert prepare_data(tmp_path / "one.tsv", tmp_path, "words") == data
    assert prepare_data(None, tmp_path, "words") == data, "the file that was downloaded need not be there any more"
    with pytest.raises(DataError, match=r"was prepared from another file than .*two\.tsv"):
        prepare_data(tmp_path / "two.tsv", tmp_path, "words")
    with pytest.raises(DataError, match=r"three\.tsv"):
        prepare_data(tmp_path / "three.tsv", tmp_path, "words")
    write_manifest(data, {"options": {**options, "min_count": 7}, "files": {}, "inputs": inputs})
    with pytest.raises(DataError, match=r"was prepared with other options \(min_count 7, now 2\); remove it, or give"):
        prepare_data(tmp_path / "one.tsv", tmp_path, "words")


def test_translations_of_another_file_of_pairs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.tsv").write_text("Hi.\t你好。\n", encoding="utf-8")
    path = synthetic_path("forward", tmp_path)
    write_json(path.with_suffix(".json"), {"tsv_sha256": "b" * 64})
    folders = synthetic.Folders(tmp_path / "one.tsv", tmp_path, tmp_path, 1)
    with pytest.raises(DataError, match=r"forward\.tsv: translates another file of pairs; remove it, or give another"):
        synthetic._check_origin("forward", folders)
    monkeypatch.setattr("data_prep.download.download_tatoeba", lambda path: pytest.fail("nothing is downloaded for it"))
    synthetic._check_origin("forward", synthetic.Folders(None, tmp_path, tmp_path, 1))
    write_json(path.with_suffix(".json"), {"tsv_sha256": sha256_of(tmp_path / "one.tsv")})
    synthetic._check_origin("forward", folders)


def test_names_of_large_ensembles_are_not_too_long() -> None:
    names = [name for name in EXPERIMENTS if name.startswith("pieces-phrases")]
    assert tatoeba._folder_name(names[:2]) == "+".join(names[:2])
    long = {tatoeba._folder_name(chosen) for chosen in (names * 3, names * 4)}
    assert len(long) == 2 and max(map(len, long)) <= 200


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
    bare = "readout=end, dropout=0.25, output_dropout=0.0, embed_dropout=0.0, embed_scale=1.0"
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
        ("lstm-long-rare-words", "lstm-muon-decayed-long"): {"optimizer", "weight_decay", "lr"},
        ("pieces-phrases-scaled-dropped", "pieces-phrases-decayed"): {"weight_decay"},
        ("pieces-phrases-undecayed", "pieces-phrases-decayed"): {"weight_decay"},
        ("pieces-phrases-decayed", "pieces-phrases-decayed-long-seed-3"): {*length, "matmul_precision"},
        ("pieces-phrases-decayed-long", "pieces-phrases-decayed-longer"): length,
        ("pieces-phrases-decayed-long", "pieces-phrases-decayed-lighter"): {"dropout"},
        ("pieces-phrases-decayed", "pieces-phrases-shared"): {
            "embed_dim",
            "readout_dim",
            "share_decoder_input_output_embed",
        },
        ("transformer-muon", "transformer-muon-decayed-long"): {"weight_decay", *length},
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


def test_a_finished_experiment_needs_no_data(
    programs: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    execute("end-adam", tmp_path, tmp_path / "work", tmp_path / "results", ["python"])
    monkeypatch.delattr(experiments, "ready_data")
    arguments = ["--work", str(tmp_path / "new"), "--results", str(tmp_path / "results"), "--only", "end-adam"]
    assert main(arguments) == 0
    assert "valid   7.25, BLEU 100.00" in capsys.readouterr().out and not (tmp_path / "new").exists()


def test_models_with_the_same_tokens_make_an_ensemble() -> None:
    same = ["pieces-phrases", "pieces-phrases-translated", "pieces-phrases-guided", "reverse"]
    assert group_by_tokens([*same, "words-all-phrases"]) == [same, ["words-all-phrases"]]


def test_the_readme_shows_its_choice_of_the_systems_best_first(tmp_path: Path) -> None:
    member = {"name": "lstm", "cpu_seconds": 600.0}
    for name, bleu in (("lstm-muon-decayed-long", 20.0), ("something-else", 40.0)):
        scores = {"bleu": bleu, "chrf2": 41.5, "ter": 60.25}
        (tmp_path / name).mkdir()
        write_json(tmp_path / name / "result.json", {"members": [member], "scores": {"test": scores}})
    names = ("Moses, tuned on valid, unknown words dropped", "another")
    write_json(tmp_path / "baselines.json", [{"system": name, "bleu": 30.0, "chrf2": 49.0} for name in names])
    rows = [
        "| Moses, phrase-based, tuned | 1 | - | 30.00 | 49.00 | - |",
        "| fairseq's LSTM with attention, Muon and weight decay | 1 | 10 | 20.00 | 41.50 | 60.25 |",
    ]
    assert main_scores(tmp_path, tmp_path / "baselines.json")[2:] == rows

    chance = {"lstm-muon-decayed-long": {"interval": 2.04, "p_randomisation": None}}
    chance |= {name: {"interval": 2.0, "p_randomisation": p} for name, p in (("transformer", 0.0123), ("moses", 0.5))}
    document = {"baseline": "lstm-muon-decayed-long", "scores": {"lstm-muon-decayed-long": {"sources": 953}}}
    write_json(tmp_path / "compare.any.json", document | {"tests": {"BLEU": chance, "chrF2": chance}})
    assert main_scores(tmp_path, tmp_path / "baselines.json")[4:] == [
        "",
        "With 953 sentences, a BLEU is known to within about 2.0 (95%). p-values of paired approximate randomisation "
        "against fairseq's LSTM with attention, Muon and weight decay, for BLEU, chrF2: fairseq's Transformer, Adam "
        "0.0123, 0.0123; Moses, phrase-based, tuned 0.5000, 0.5000.",
    ]
    member["cpu_seconds"] = None  # type: ignore[assignment]
    write_json(
        tmp_path / "lstm-muon-decayed-long" / "result.json",
        {"members": [member | {"provenance": {"wall_seconds": 720.0}}], "scores": {"test": scores | {"bleu": 31.0}}},
    )
    assert [line for line in main_scores(tmp_path, tmp_path / "baselines.json") if "\\*" in line] == [
        r"| fairseq's LSTM with attention, Muon and weight decay | 1 | 12\* | 31.00 | 41.50 | 60.25 |",
        r"\* wholly or in part time from start to end; all other minutes are CPU time.",
    ]


def test_minutes_on_other_processors_are_marked(tmp_path: Path) -> None:
    write_json(tmp_path / "baselines.json", [])
    for name, processor in (("transformer", "A"), ("transformer-muon", "A"), ("pieces-phrases", "B")):
        member = {"name": name, "cpu_seconds": 60.0, "provenance": {"hardware": {"cpu": processor}}}
        (tmp_path / name).mkdir()
        scores = {"bleu": 20.0, "chrf2": 41.5, "ter": 60.25}
        write_json(tmp_path / name / "result.json", {"members": [member], "scores": {"test": scores}})
        told = main_scores(tmp_path, tmp_path / "baselines.json")[-1]
        assert told.startswith("| ") or name == "pieces-phrases"
    assert told == (
        "Minutes on different processors are not comparable. Trained on B: Reencoder, without weight decay, half as "
        "many updates. All others: on A."
    )
    member["provenance"] = {"hardware": {"cpu": "A", "cpu_generation": "family 26 model 2"}}
    write_json(tmp_path / "pieces-phrases" / "result.json", {"members": [member], "scores": {"test": scores}})
    assert main_scores(tmp_path, tmp_path / "baselines.json")[-1].endswith(
        "Trained on A, family 26 model 2: Reencoder, without weight decay, half as many updates. "
        "All others: on A (generation not recorded)."
    )
