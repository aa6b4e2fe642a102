"""The hub and `python -m eval translate`, with a small model; what fairseq-interactive prints is the standard."""

from __future__ import annotations

import gzip
import io
import json
import math
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from fairseq.dataclass.configs import GenerationConfig

from data_prep.errors import DataError
from data_prep.files import sha256_of
from data_prep.manifest import copy_text_files
from data_prep.phrasebook import write_phrasebook
from data_prep.prepare import Options, prepare
from eval.__main__ import main
from reencoder.hub import Reencoder
from reencoder.hub.options import GENERATOR_NAMES
from reencoder.search_settings import SearchSettings
from tests.programs import fairseq, hypotheses, succeed

POSITIONS = 40
SENTENCES = ["我需要一些牙膏。", "", "你好！\x00", " \u3000", "汤姆在深圳学了三年建筑学。", "🦑🦑"]
LONG = "我需要一些牙膏。" * 12
TOO_LONG = "我需要一些牙膏" * 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with prepared data (`data`, and `other` with another segmentation) and checkpoints (`trained`)."""
    folder = tmp_path_factory.mktemp("hub")
    write_phrasebook(folder / "pairs.tsv", 400, 1)
    for name, segmentation in (("data", "jieba"), ("other", "char")):
        prepare(Options(folder / name, tsv=folder / "pairs.tsv", segmentation=segmentation))
    options = ["--task", "reencoder_translation", "--arch", "reencoder_tiny", "--optimizer", "adam", "--lr", 0.01]
    options += ["--max-source-positions", POSITIONS, "--batch-size", 64, "--max-update", 15, "--disable-validation"]
    options += ["--no-epoch-checkpoints", "--num-workers", 0, "--seed", 1, "--save-dir", folder / "trained"]
    succeed("train", folder / "data" / "bin", *options)
    copy_text_files(folder / "data", folder / "trained")
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> Reencoder:
    return Reencoder.from_pretrained(folder / "trained", device="cpu", beam=5)


def test_fairseq_interactive_says_the_same(folder: Path, model: Reencoder) -> None:
    options = ["--path", folder / "trained" / "checkpoint_last.pt", "--tokenizer", "reencoder", "--nbest", 3]
    options += ["--task", "reencoder_translation", "--cpu", "--beam", 5]
    typed = "".join(f"{sentence}\n" for sentence in SENTENCES)
    output = succeed("interactive", folder / "trained" / "bin", *options, stdin=typed)
    texts: dict[int, list[str]] = {}
    for line in output.splitlines():
        if line.startswith("D-"):
            name, _, text = line.split("\t")
            texts.setdefault(int(name[2:]), []).append(text)
    found = model.candidates(SENTENCES, 3)
    assert sum(map(bool, found)) == 4
    for number, score_and_words in hypotheses(output).items():
        if not found[number]:
            assert texts[number] == [""], "an empty source has an empty translation"
            continue
        assert [translation.text for translation in found[number]] == texts[number]
        for translation, (score, words) in zip(found[number], score_and_words, strict=True):
            assert translation.tokens.split() == words
            assert translation.score == pytest.approx(score, abs=2e-4)


def test_one_sentence_or_a_list(model: Reencoder) -> None:
    texts = model.translate(SENTENCES)
    assert [bool(text) for text in texts] == [bool(sentence.strip()) for sentence in SENTENCES]
    assert model.translate(SENTENCES[0]) == texts[0]
    assert texts[0][0].isupper() and " ." not in texts[0]
    assert model.translate([]) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"beem": 5},
            r"beem: the search has no such option; did you mean beam\? Its options are beam, lenpen, ",
        ),
        ({"verbose": True}, "verbose: the search has no such option"),
        ({"beam": "five"}, "beam five: must be a whole number"),
        ({"temperature": "hot"}, "temperature 'hot': expected float"),
        ({"sampling_topk": 5}, "--sampling-topk requires --sampling"),
        ({"beam": 4, "diverse_beam_groups": 3}, "DiverseBeamSearch requires --beam to be divisible"),
    ],
)
def test_wrong_options_of_the_search_are_refused(
    folder: Path, model: Reencoder, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        model.translate("你好！", **options)
    if not {"sampling_topk", "diverse_beam_groups"} & options.keys():
        with pytest.raises(DataError, match=message):
            Reencoder.from_pretrained(folder / "trained", **options)


def test_every_option_of_the_generator_is_fairseqs() -> None:
    assert {*GENERATOR_NAMES} < {field.name for field in fields(GenerationConfig)}


def test_what_is_no_text_is_named(model: Reencoder) -> None:
    bad: Any = ["你好！", None]
    with pytest.raises(TypeError, match="sentence 2: expected a string, got NoneType"):
        model.translate(bad)


def test_a_translation_is_shown_as_it_grows(model: Reencoder) -> None:
    """With a beam of one hypothesis every text shown is a beginning of the result, word after word."""
    shown: dict[int, list[str]] = {}
    texts = [SENTENCES[0], "", SENTENCES[4], LONG]
    found = model.candidates(texts, beam=1, on_step=lambda index, text: shown.setdefault(index, []).append(text))
    assert sorted(shown) == [0, 2, 3]
    for index, steps in shown.items():
        assert steps[-1].rstrip(".") in found[index][0].text
    assert len(shown[0]) == len(found[0][0].tokens.split())
    watched = model.candidates(texts, on_step=lambda index, text: None)
    assert watched == model.candidates(texts), "watching changes nothing"


def test_the_server_shows_an_alignment(model: Reencoder) -> None:
    pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
    from eval.serve import Asked, answer_of

    def ask(text: str, alignment: bool = True) -> dict[str, Any]:
        return answer_of(model, Asked(text=text, alignment=alignment), model.candidates([text])[0])

    found = ask("<b>汤姆</b>")["alignment"]
    assert found["source"] == [*model.pipeline.encode_source("<b>汤姆</b>").split(), "</s>"]
    assert [len(row) for row in found["weights"]] == [len(found["source"])] * len(found["target"])
    assert all(sum(row) == pytest.approx(1, abs=1e-3) for row in found["weights"])
    assert found["svg"].startswith("<svg") and "<b>" not in found["svg"]
    for text in ("", LONG):
        assert ask(text)["alignment"] is None
    assert "alignment" not in ask("你好", alignment=False)


def test_a_long_text_is_split_or_refused(model: Reencoder) -> None:
    [[split]], [[one]] = model.candidates([LONG]), model.candidates([SENTENCES[0]])
    assert split.text == " ".join([one.text] * 12)
    assert split.score == pytest.approx(one.score, abs=1e-4)
    with pytest.raises(DataError, match=rf"sentence 2: \d+ tokens, but the model reads at most {POSITIONS - 1}"):
        model.translate(["你好！", TOO_LONG])


def test_a_score_is_the_sum_over_the_words(model: Reencoder) -> None:
    """What the model itself says of each word, given those before it, and of the end."""
    reencoder, sources, targets = model.parts
    words = targets.encode_line(model.pipeline.encode_target("I need some toothpaste."), add_if_not_exist=False).long()
    source = sources.encode_line(model.pipeline.encode_source(SENTENCES[0]), add_if_not_exist=False).long()
    given = torch.cat([words[-1:], words[:-1]])  # fairseq puts the end of the sentence in front
    with torch.no_grad():
        output = reencoder(source[None], torch.tensor([len(source)]), given[None])
        chances = reencoder.get_normalized_probs(output, log_probs=True)[0]
    total = chances.gather(1, words[:, None]).sum().item() / math.log(2)
    assert len(words) == 6
    assert model.score(SENTENCES[0], "I need some toothpaste.") == pytest.approx(total, abs=1e-3)
    with pytest.raises(DataError, match="pair 1: the source is blank"):
        model.score(" ", "Hello.")


def test_scores_of_many_pairs_are_those_of_each(model: Reencoder) -> None:
    sources = [SENTENCES[0], " ", SENTENCES[4], "你好！", TOO_LONG]
    targets = ["I need some toothpaste.", "Hello.", "", "Hello! How are you?", "Yes."]
    _, _, dictionary = model.parts
    refused: dict[int, str] = {}
    found = model.token_scores(sources, targets, on_refused=lambda index, error: refused.update({index: str(error)}))
    assert refused.keys() == {1, 4} and refused[1] == "the source is blank"
    for index, scores in enumerate(found):
        assert (scores is None) == (index in refused)
        if scores is not None:
            words = model.pipeline.encode_target(targets[index]).split()
            assert scores.tokens == tuple(word if word in dictionary else "<unk>" for word in words)
            assert len(scores.scores) == len(scores.tokens) + 1
            assert scores.total == pytest.approx(model.score(sources[index], targets[index]), abs=1e-4)
    assert model.score(sources[3:4], targets[3:4]) == [pytest.approx(model.score(sources[3], targets[3]))]
    with pytest.raises(DataError, match="pair 2: the source is blank"):
        model.score(sources, targets)
    with pytest.raises(DataError, match="expected as many targets as sources"):
        model.score(sources, targets[1:])


def test_likelihood_writes_a_line_for_each_pair(
    folder: Path, model: Reencoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources, targets = [SENTENCES[0], "", "你好！"], ["I need some toothpaste.", "Hello.", "Hello!"]
    for name, lines in (("zh", sources), ("en", targets)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    command = ["likelihood", str(folder / "trained"), "--source", str(tmp_path / "zh"), "--target"]
    options = [str(tmp_path / "en"), "--device", "cpu", "--output", str(tmp_path / "scores"), "--buffer-size", "2"]
    assert main([*command, *options]) == 2
    first, blank, last = (tmp_path / "scores").read_text().splitlines()
    expected = [model.score(sources[n], targets[n]) for n in (0, 2)]
    assert [float(first), float(last)] == pytest.approx(expected, abs=1e-3) and blank == ""
    error = capsys.readouterr().err
    assert "line 2: not scored: the source is blank" in error and "1 pairs were not scored" in error
    tokens = [len(model.pipeline.encode_target(targets[n]).split()) + 1 for n in (0, 2)]
    assert f"2 pairs, {sum(tokens)} tokens: perplexity per token {2 ** (-sum(expected) / sum(tokens)):.2f}" in error
    assert main([*command, *options, "--json", "--normalize"]) == 2
    documents = [json.loads(line) for line in (tmp_path / "scores").read_text().splitlines()]
    assert [document["id"] for document in documents] == [1, 2, 3]
    assert documents[1] == {"id": 2, "score": None, "tokens": None, "token_scores": None}
    assert documents[2]["score"] == pytest.approx(expected[1] / tokens[1], abs=1e-3)
    assert sum(documents[0]["token_scores"]) == pytest.approx(expected[0], abs=1e-3)
    (tmp_path / "en").write_text("Hello.\n")
    assert main([*command, *options]) == 2
    assert "has 3 lines" in capsys.readouterr().err


def test_a_long_source_may_have_a_long_translation(model: Reencoder) -> None:
    """fairseq's default ends every translation after 200 tokens."""
    config = model.options.to_fairseq()
    task, models = model._ensemble.task, model._ensemble.models
    generator = task.build_generator(models, config)
    assert (generator.max_len_a, generator.max_len_b) == (2, 200) and config.max_len_a == 0
    config.max_len_b = 30  # what a user says holds
    generator = task.build_generator(models, config)
    assert (generator.max_len_a, generator.max_len_b) == (0, 30)
    [[short]] = model.candidates([SENTENCES[0]], max_len_b=3, min_len_ratio=0)
    assert len(short.tokens.split()) <= 3


def test_a_string_is_not_taken_for_a_list_of_characters(model: Reencoder) -> None:
    with pytest.raises(TypeError, match="expected a list of sentences, got a string"):
        model.candidates("刘女士")


def test_threads_do_not_disturb_each_other(model: Reencoder) -> None:
    def sample(seed: int) -> list[str]:
        return model.sample(SENTENCES[0], 3, temperature=2.0, seed=seed)

    def shortest(ratio: float) -> list[str]:
        return model.translate([SENTENCES[0], SENTENCES[4]], min_len_ratio=ratio)

    calls = [partial(sample, 1), partial(shortest, 0.0), partial(sample, 2), partial(shortest, 2.0)] * 4
    alone = [call() for call in calls[:4]] * 4
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            together = [future.result() for future in [pool.submit(call) for call in calls]]
    finally:
        sys.setswitchinterval(interval)
    assert together == alone


def test_samples_depend_on_the_seed_alone(model: Reencoder) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = model.sample(SENTENCES[0], 4, seed=1)
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(6)
    assert model.sample(SENTENCES[0], 4, seed=1) == first
    assert model.sample(SENTENCES[0], 4, seed=2) != first
    likeliest = model.sample(SENTENCES[0], 2, topk=1)
    assert likeliest[0] == likeliest[1]


def test_an_ensemble_of_one_model_with_itself_is_that_model(folder: Path, model: Reencoder) -> None:
    paths = folder / "trained", folder / "trained" / "checkpoint_last.pt"
    twice = Reencoder.from_pretrained(*paths, device="cpu", beam=5)
    assert twice.translate(SENTENCES) == model.translate(SENTENCES)


def test_tuned_settings_beside_the_checkpoint_are_used(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "trained", tmp_path / "tuned")
    checkpoint = tmp_path / "tuned" / "checkpoint_last.pt"
    settings = {"beam": 2, "lenpen": 0.5, "unkpen": 3.0, "min_len_ratio": 2.0}
    record = {"settings": settings, "checkpoints": [{"sha256": sha256_of(checkpoint)}]}
    (tmp_path / "tuned" / "search.json").write_text(json.dumps(record))
    tuned = Reencoder.from_pretrained(checkpoint, device="cpu", lenpen=0.7)
    assert tuned.options.settings == SearchSettings(2, 0.7, 3.0, 2.0)
    assert Reencoder.from_pretrained(checkpoint, device="cpu", tuned=False).options.settings == SearchSettings()
    source = tuned.pipeline.encode_source(SENTENCES[0]).split()
    [[translation]], [[short]] = tuned.candidates([SENTENCES[0]]), tuned.candidates([SENTENCES[0]], min_len_ratio=0)
    assert len(translation.tokens.split()) >= 2 * len(source) > len(short.tokens.split())


def test_what_does_not_belong_together_is_refused(folder: Path, tmp_path: Path) -> None:
    checkpoint = folder / "trained" / "checkpoint_last.pt"
    with pytest.raises(DataError, match="was trained on data prepared otherwise"):
        Reencoder.from_pretrained(checkpoint, data=folder / "other")
    # The manifest is found through the data of the training where none was copied.
    (tmp_path / "alone").mkdir()
    alone = shutil.copy(checkpoint, tmp_path / "alone" / "checkpoint_last.pt")
    assert Reencoder.from_pretrained(alone).pipeline.manifest == folder / "data" / "manifest.json"
    state = torch.load(checkpoint, weights_only=True)
    del state["task_state"]["text"]
    torch.save(state, alone)
    with pytest.raises(DataError, match="does not record how its training data were prepared"):
        Reencoder.from_pretrained(alone)
    assert Reencoder.from_pretrained(alone, data=folder / "data").translate("你好！")
    state["cfg"]["task"]["source_lang"], state["cfg"]["task"]["target_lang"] = "en", "zh"
    torch.save(state, alone)
    with pytest.raises(DataError, match="translates en to zh; expected zh to en"):
        Reencoder.from_pretrained(alone, data=folder / "data")
    state["cfg"]["task"] = {"_name": "reencoder_mnist"}
    torch.save(state, alone)
    with pytest.raises(DataError, match="was trained on reencoder_mnist; expected a translation model"):
        Reencoder.from_pretrained(alone, data=folder / "data")
    Path(alone).write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(DataError, match="cannot be read as a checkpoint"):
        Reencoder.from_pretrained(alone)
    with pytest.raises(DataError, match="contains neither checkpoint_best"):
        Reencoder.from_pretrained(tmp_path)


def test_fairseq_refuses_another_manifest(folder: Path) -> None:
    options = ["--path", folder / "trained" / "checkpoint_last.pt", "--tokenizer", "reencoder", "--cpu"]
    options += ["--task", "reencoder_translation", "--text-manifest", folder / "other" / "manifest.json"]
    done = fairseq("interactive", folder / "data" / "bin", *options, stdin="你好！\n")
    assert done.returncode != 0
    assert "the checkpoint was trained on data that were prepared otherwise" in done.stderr


def test_fairseq_refuses_constraints_that_it_would_split_as_chinese(folder: Path) -> None:
    options = ["--path", folder / "trained" / "checkpoint_last.pt", "--task", "reencoder_translation", "--cpu"]
    options += ["--tokenizer", "reencoder", "--constraints"]
    done = fairseq("interactive", folder / "data" / "bin", *options, stdin="你好！\tHello\n")
    assert done.returncode != 0
    assert "--tokenizer reencoder: --constraints would be split as if they were Chinese" in done.stderr


def test_fairseq_refuses_data_with_other_tokens(folder: Path) -> None:
    options = ["--path", folder / "trained" / "checkpoint_last.pt", "--task", "reencoder_translation", "--cpu"]
    done = fairseq("generate", folder / "other" / "bin", *options)
    assert done.returncode != 0
    assert f"{folder / 'other' / 'manifest.json'}: the checkpoint was trained on data that were" in done.stderr


def test_training_resumes_with_the_tokens_that_it_began_with(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "trained", tmp_path / "trained")
    # Its dictionaries have other sizes, with which torch would complain; the manifest alone is what is checked here.
    shutil.copytree(folder / "data", tmp_path / "data")
    shutil.copy(folder / "other" / "manifest.json", tmp_path / "data" / "manifest.json")
    options = ["--task", "reencoder_translation", "--arch", "reencoder_tiny", "--optimizer", "adam", "--lr", 0.01]
    options += ["--max-source-positions", POSITIONS, "--batch-size", 64, "--max-update", 16, "--disable-validation"]
    options += ["--no-epoch-checkpoints", "--num-workers", 0, "--seed", 1, "--save-dir", tmp_path / "trained"]
    before = sha256_of(tmp_path / "trained" / "checkpoint_last.pt")
    done = fairseq("train", tmp_path / "data" / "bin", *options)
    assert done.returncode != 0
    assert f"{tmp_path / 'data' / 'manifest.json'}: the checkpoint was trained on data that were" in done.stderr
    assert sha256_of(tmp_path / "trained" / "checkpoint_last.pt") == before
    succeed("train", folder / "data" / "bin", *options)
    assert sha256_of(tmp_path / "trained" / "checkpoint_last.pt") != before


def test_bleu_of_readable_text_during_training(folder: Path, tmp_path: Path) -> None:
    options = ["--task", "reencoder_translation", "--arch", "reencoder_tiny", "--optimizer", "adam", "--lr", 0.01]
    options += ["--batch-size", 64, "--max-update", 1, "--no-save", "--save-dir", tmp_path, "--num-workers", 0]
    bleu = ["--eval-bleu", "--eval-bleu-detok", "reencoder", "--eval-bleu-args", '{"beam": 2}']
    bleu += ["--eval-bleu-print-samples"]
    log = succeed("train", folder / "data" / "bin", *options, *bleu)
    assert "| bleu " in log
    references = set((folder / "data" / "raw" / "valid.en.0").read_text().splitlines())
    shown = [line.split("example reference: ")[1] for line in log.splitlines() if "example reference: " in line]
    pattern = re.escape(shown[0]).replace("UNKNOWNTOKENINREF", ".+")  # what fairseq makes of unknown words
    assert any(re.fullmatch(pattern, text, re.IGNORECASE) for text in references)


def test_a_file_becomes_a_file(
    folder: Path, model: Reencoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_bytes("\ufeff".encode() + "\n".join(SENTENCES).encode() + b"\n\xff\xfe\n")
    arguments = ["translate", str(folder / "trained"), "--input", str(source), "--output", str(output)]
    assert main([*arguments, "--device", "cpu", "--buffer-size", "2"]) == 0
    expected = [*model.translate(SENTENCES), "", ""]
    assert output.read_text().split("\n") == expected
    assert f"line {len(SENTENCES) + 1}: not UTF-8" in capsys.readouterr().err
    (tmp_path / "in.txt.gz").write_bytes(gzip.compress(source.read_bytes()))
    arguments[3] += ".gz"
    assert main([*arguments, "--device", "cpu"]) == 0
    assert output.read_text().split("\n") == expected


def test_a_program_that_pipes_gets_each_answer_at_once(folder: Path, model: Reencoder) -> None:
    command = [sys.executable, "-m", "eval", "translate", str(folder / "trained"), "--beam", "5", "--device", "cpu"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        for sentence in SENTENCES[:2]:
            process.stdin.write(f"{sentence}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().decode().rstrip("\n") == model.translate(sentence)
        process.stdout.close()  # as `head` does
        process.stdin.write(SENTENCES[0].encode())
        process.stdin.close()
        assert process.wait() == 1
        assert b"Traceback" not in process.stderr.read()


def test_fifty_clients_of_the_real_server(folder: Path, model: Reencoder) -> None:
    pytest.importorskip("uvicorn", reason="the extra 'serve' is not installed")
    from eval.speed import serving

    lines = [line for line in SENTENCES if line.strip()]
    with serving.server([str(folder / "trained"), "--beam", "5", "--device", "cpu", "--threads", "1"]) as address:
        replies = serving.ask(address, lines * 15, 50)
    texts = ["" if not reply.translations else reply.translations[0]["text"] for reply in replies]
    assert texts == model.translate(lines) * 15


def test_lone_surrogates_pass_through(folder: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "in.json", tmp_path / "out.json"
    source.write_text(json.dumps({"text": "你好\ud800"}) + "\n")
    options = ["--input", str(source), "--output", str(output), "--json", "--json-input", "--device", "cpu"]
    assert main(["translate", str(folder / "trained"), *options]) == 0
    assert json.loads(output.read_text(encoding="utf-8"))["source"] == "你好\ud800"


def test_json_keeps_ids_and_long_lines_are_reported(
    folder: Path, model: Reencoder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [{"id": "a-7", "text": SENTENCES[0]}, {"id": None, "text": TOO_LONG}, {"text": ""}]
    typed = "".join(json.dumps(line) + "\n" for line in lines).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
    options = ["--json", "--json-input", "--nbest", "3", "--device", "cpu"]
    assert main(["translate", str(folder / "trained"), *options]) == 2
    printed = capsys.readouterr()
    first, refused, blank = (json.loads(line) for line in printed.out.splitlines())
    expected = [{"text": t.text, "score": round(t.score, 4)} for t in model.candidates([SENTENCES[0]], 3)[0]]
    assert first == {"id": "a-7", "source": SENTENCES[0], "translations": expected}
    assert refused == {"id": None, "source": TOO_LONG, "translations": []}
    assert blank == {"id": 3, "source": "", "translations": []}
    assert "line 2: not translated: " in printed.err
    assert printed.err.strip().endswith("error: 1 lines were too long and are empty in the output: 2")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--nbest", "2", "--text", "你好"],
            "--nbest 2: several translations do not fit in a line of text; give --json",
        ),
        (["--nbest", "0"], "--nbest 0: must be at least 1"),
        (["--buffer-size", "0", "--text", "你好"], "--buffer-size 0: must be at least 1"),
        (["--json-input", "--text", "{}"], "--json-input: cannot be combined with --text"),
        (["--beam", "0", "--text", "你好"], "--beam 0: must be at least 1"),
        (["--input", "nowhere.txt"], "--input nowhere.txt: no such file"),
    ],
)
def test_bad_options(folder: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", str(folder / "trained"), *options]) == 2
    error = capsys.readouterr().err
    assert error == f"error: {message}\n"
