"""`python -m eval translate`, `likelihood` and the real server with a small model."""

from __future__ import annotations

import gzip
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from data_prep.errors import DataError
from data_prep.files import sha256_of
from eval.__main__ import main
from eval.translation import StreamSettings, read_sentences, translate_stream
from reencoder.hub import Reencoder
from reencoder.hub.searcher import Searcher
from tests.hub_helpers import SENTENCES, TOO_LONG
from tests.programs import error_of_printed


def test_likelihood_writes_a_line_for_each_pair(
    hub_folder: Path, hub_model: Reencoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources, targets = [SENTENCES[0], "", "你好！"], ["I need some toothpaste.", "Hello.", "Hello!"]
    for name, lines in (("zh", sources), ("en", targets)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    command = ["likelihood", str(hub_folder / "trained"), "--source", str(tmp_path / "zh"), "--target"]
    options = [str(tmp_path / "en"), "--device", "cpu", "--output", str(tmp_path / "scores"), "--buffer-size", "2"]
    assert main([*command, *options]) == 2
    first, blank, last = (tmp_path / "scores").read_text().splitlines()
    expected = [hub_model.score(sources[n], targets[n]) for n in (0, 2)]
    assert [float(first), float(last)] == pytest.approx(expected, abs=error_of_printed(1)) and blank == ""
    error = capsys.readouterr().err
    lines_of_error = error.replace("\r", "\n").splitlines()
    assert "line 2: not scored: the source is blank" in lines_of_error, "not in the line of the progress bar"
    assert "1 pairs were not scored" in error
    tokens = [len(hub_model.pipeline.encode_target(targets[n]).split()) + 1 for n in (0, 2)]
    said = re.search(rf"2 pairs, {sum(tokens)} tokens: perplexity per token (\d+\.\d{{3}})$", error, re.MULTILINE)
    assert said and float(said[1]) == pytest.approx(2 ** (-sum(expected) / sum(tokens)), abs=0.00051)
    assert main([*command, *options, "--json", "--normalize"]) == 2
    documents = [json.loads(line) for line in (tmp_path / "scores").read_text().splitlines()]
    assert [document["id"] for document in documents] == [1, 2, 3]
    assert documents[1] == {"id": 2, "score": None, "tokens": None, "token_scores": None}
    assert documents[2]["score"] == pytest.approx(expected[1] / tokens[1], abs=error_of_printed(1))
    assert sum(documents[0]["token_scores"]) == pytest.approx(expected[0], abs=error_of_printed(tokens[0]))
    (tmp_path / "en").write_text("Hello.\n")
    assert main([*command, *options]) == 2
    assert "has 3 lines" in capsys.readouterr().err


def test_a_file_becomes_a_file(
    hub_folder: Path, hub_model: Reencoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_bytes("\ufeff".encode() + "\n".join(SENTENCES).encode() + b"\n\xff\xfe\n")
    arguments = ["translate", str(hub_folder / "trained"), "--input", str(source), "--output", str(output)]
    assert main([*arguments, "--device", "cpu", "--buffer-size", "2"]) == 0
    expected = [*hub_model.translate(SENTENCES), "", ""]
    assert output.read_text().split("\n") == expected
    assert f"line {len(SENTENCES) + 1}: not UTF-8" in capsys.readouterr().err
    (tmp_path / "in.txt.gz").write_bytes(gzip.compress(source.read_bytes()))
    arguments[3] += ".gz"
    assert main([*arguments, "--device", "cpu"]) == 0
    assert output.read_text().split("\n") == expected


def test_what_is_written_until_a_failure_is_kept(
    hub_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("你好！\n" * 5)
    search, calls = Searcher.search, []

    def interrupted(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return search(*arguments, **options)

    monkeypatch.setattr(Searcher, "search", interrupted)
    arguments = ["translate", str(hub_folder / "trained"), "--input", str(source), "--output", str(output)]
    assert main([*arguments, "--device", "cpu", "--buffer-size", "2"]) == 130
    assert not output.exists() and len((tmp_path / "out.txt.part").read_text().splitlines()) == 4
    assert f"not complete: the lines until here are kept in {output}.part" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--beam", "2", "--nbest", "3"], "--nbest 3: must not exceed the beam, 2"),
        (["--output", "out.txt.gz"], "--output out.txt.gz: would be written uncompressed; name it out.txt"),
    ],
)
def test_options_without_sense(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", "checkpoints", "--text", "你好", *options]) == 2
    assert message in capsys.readouterr().err


def test_a_dash_is_standard_input(hub_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "en").write_text("Hello!\n")
    model = ["likelihood", str(hub_folder / "trained"), "--device", "cpu", "--source", "-", "--target"]
    score = ["score", "-", "--json", str(tmp_path / "scores.json"), "--references"]
    for command, text in ((score, "Hello!\n"), (model, "你好！\n")):
        done = subprocess.run(
            [sys.executable, "-m", "eval", *command, str(tmp_path / "en")], input=text, capture_output=True, text=True
        )
        assert done.returncode == 0 and done.stdout, done.stderr
    files = json.loads((tmp_path / "scores.json").read_text())["files"]
    assert [file["sha256"] for file in files] == [sha256_of(tmp_path / "en")] * 2, "of the text that was read"
    assert main([*model, "-"]) == 2


def test_an_incomplete_output_is_no_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = tmp_path / "out.txt.part"
    part.write_text("你好！\n")
    assert main(["translate", "checkpoints", "--input", str(part), "--output", str(tmp_path / "out.txt")]) == 2
    assert "the command reads this file; name another to write" in capsys.readouterr().err


def test_a_program_that_pipes_gets_each_answer_at_once(hub_folder: Path, hub_model: Reencoder) -> None:
    command = [sys.executable, "-m", "eval", "translate", str(hub_folder / "trained"), "--beam", "5", "--device", "cpu"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        for sentence in SENTENCES[:2]:
            process.stdin.write(f"{sentence}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().decode().rstrip("\n") == hub_model.translate(sentence)
        process.stdout.close()  # as `head` does
        process.stdin.write(SENTENCES[0].encode())
        process.stdin.close()
        assert process.wait() == 1
        assert b"Traceback" not in process.stderr.read()


def test_fifty_clients_of_the_real_server(hub_folder: Path, hub_model: Reencoder) -> None:
    pytest.importorskip("uvicorn", reason="the extra 'serve' is not installed")
    from eval.speed import serving

    lines = [line for line in SENTENCES if line.strip()]
    with serving.server([str(hub_folder / "trained"), "--beam", "5", "--device", "cpu", "--threads", "1"]) as address:
        replies = serving.ask(address, lines * 15, 50)
    texts = ["" if not reply.translations else reply.translations[0]["text"] for reply in replies]
    assert texts == hub_model.translate(lines) * 15


def test_lone_surrogates_pass_through(hub_folder: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "in.json", tmp_path / "out.json"
    source.write_text(json.dumps({"text": "你好\ud800"}) + "\n")
    options = ["--input", str(source), "--output", str(output), "--json", "--json-input", "--device", "cpu"]
    assert main(["translate", str(hub_folder / "trained"), *options]) == 0
    assert json.loads(output.read_text(encoding="utf-8"))["source"] == "你好\ud800"


def test_lone_surrogates_have_the_same_translation_everywhere(hub_model: Reencoder) -> None:
    pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
    from eval.serve import Asked

    text = f"{SENTENCES[0][:2]}\ud800{SENTENCES[0][2:]}"
    assert hub_model.pipeline.encode_source(Asked(text=text).text) == hub_model.pipeline.encode_source(text)


def test_json_keeps_ids_and_long_lines_are_reported(
    hub_folder: Path, hub_model: Reencoder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [{"id": "a-7", "text": SENTENCES[0]}, {"id": None, "text": TOO_LONG}, {"text": ""}]
    typed = "".join(json.dumps(line) + "\n" for line in lines).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
    options = ["--json", "--json-input", "--nbest", "3", "--device", "cpu"]
    assert main(["translate", str(hub_folder / "trained"), *options]) == 2
    printed = capsys.readouterr()
    first, refused, blank = (json.loads(line) for line in printed.out.splitlines())
    expected = [{"text": t.text, "score": round(t.score, 4)} for t in hub_model.candidates([SENTENCES[0]], 3)[0]]
    assert first == {"id": "a-7", "source": SENTENCES[0], "translations": expected}
    assert refused == {"id": None, "source": TOO_LONG, "translations": []}
    assert blank == {"id": 3, "source": "", "translations": []}
    assert "line 2: not translated: " in printed.err
    assert printed.err.strip().endswith("error: 1 lines were not translated and are empty in the output: 2")


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
        (
            ["--device", "meta:nothing", "--text", "你好"],
            "--device meta:nothing: Invalid device string: 'meta:nothing'",
        ),
        (["--device", "meta", "--text", "你好"], "--device meta: Tensor.item() cannot be called on meta tensors"),
        (["--input", "nowhere.txt"], "--input nowhere.txt: no such file"),
    ],
)
def test_bad_options(hub_folder: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", str(hub_folder / "trained"), *options]) == 2
    error = capsys.readouterr().err
    assert error == f"error: {message}\n"


NUMBERS = ["1e400", "12345678901234567890.123456789", "-0.0", "1" * 5000, '{"a": [1.50, null], "b": "\u5b57"}']


def test_ids_pass_through_as_they_are_written(
    hub_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "in.json", tmp_path / "out.json"
    lines = [f'{{"id": {number}, "text": "你好"}}' for number in NUMBERS]
    bad = ['{"id": NaN, "text": "你好"}', '{"id": -Infinity, "text": "你好"}', '{"text": 5}', "你好"]
    source.write_text("\n".join([*lines, "", *bad, '{"text": "你好"}']) + "\n", encoding="utf-8")
    options = ["--input", str(source), "--output", str(output), "--json", "--json-input", "--device", "cpu"]
    assert main(["translate", str(hub_folder / "trained"), *options]) == 2
    found = output.read_text(encoding="utf-8").splitlines()
    assert [line.split(', "source": ')[0] for line in found] == [
        *(f'{{"id": {number}' for number in NUMBERS),
        *(f'{{"id": {number}' for number in range(6, 12)),
    ]
    translated = [json.loads(line, parse_int=str)["translations"] for line in found]
    assert all(translated[:5]) and not any(translated[5:10]) and translated[10] == translated[0]
    error = capsys.readouterr().err
    assert "line 7: not translated: not JSON: NaN is not valid JSON; write null or a string" in error
    assert "line 8: not translated: not JSON: -Infinity is not valid JSON" in error
    assert 'line 9: not translated: expected a JSON object with a string "text"' in error
    assert error.endswith("error: 4 lines were not translated and are empty in the output: 7, 8, 9, 10\n")


def test_progress_moves_with_every_batch_and_notes_stay_out_of_it(
    hub_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Reencoder.from_pretrained(hub_folder / "trained", device="cpu", batch_size=3)
    lines = [f"{'你好！' * (1 + k % 3)}".encode() for k in range(7)]
    lines[1] += b"\xff"
    lines[5] = TOO_LONG.encode()
    moves: list[int] = []
    searched: list[int] = []
    search = Searcher.search

    def watched(*arguments: Any) -> Iterator[Any]:
        for found in search(*arguments):
            searched.append(sum(moves))
            yield found

    monkeypatch.setattr(Searcher, "search", watched)
    written = io.StringIO()
    assert translate_stream(model, read_sentences([lines]), written, StreamSettings(), moves.append) == [6]
    assert moves == [1] * 7 and searched[-1] > 3, "while others are still to be translated"
    monkeypatch.undo()
    texts = [line.decode(errors="replace") for line in lines]
    expected = ["" if text == TOO_LONG else model.translate(text) for text in texts]
    assert written.getvalue().splitlines() == expected
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["line 2", "line 6"]


@pytest.mark.parametrize(
    ("content", "share"),
    [(bytes(range(256)) * 20, "62%"), ("你好。\n".encode("gb18030") * 99, "60%"), ("你好。\n".encode("utf-16"), "40%")],
)
def test_what_is_mostly_not_text_is_refused_before_the_model_is_loaded(
    content: bytes, share: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, packed in (("in.txt", content), ("in.txt.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(packed)
        assert main(["translate", str(tmp_path / "no-model"), "--input", str(tmp_path / name)]) == 2
        message = f"--input {tmp_path / name}: {share} of its beginning is not UTF-8 text; give a text file, converted"
        assert message in capsys.readouterr().err


def test_carriage_returns_do_not_join_lines(hub_model: Reencoder, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match="line 1: a carriage return within the line; end lines with LF or CR LF"):
        list(read_sentences([["你好！\r再见。\r".encode()]]))
    written = io.StringIO()
    lines = ["你好！\r\n".encode(), "你好！\r再见。\n".encode(), b"\r\n"]
    assert translate_stream(hub_model, read_sentences([lines]), written, StreamSettings()) == [2]
    assert written.getvalue().splitlines() == [hub_model.translate("你好！"), "", ""]
    assert "line 2: not translated: a carriage return" in capsys.readouterr().err
    (sentence,) = next(read_sentences([[b'{\r"text": "a"}\r\n']], json_input=True))
    assert sentence.fault is None, "white space of JSON"


@pytest.mark.parametrize(
    ("closed", "status", "message"),
    [
        ("<&-", 2, "error: standard input is closed"),
        ("--text 你好 >&-", 2, "error: standard output is closed"),
        ("--input {input} --output {output} 2>&-", 0, ""),
    ],
)
def test_closed_streams(hub_folder: Path, tmp_path: Path, closed: str, status: int, message: str) -> None:
    (tmp_path / "in").write_text("你好！\n", encoding="utf-8")
    program = shlex.join([sys.executable, "-m", "eval", "translate", str(hub_folder / "trained"), "--device", "cpu"])
    command = f"{program} {closed.format(input=tmp_path / 'in', output=tmp_path / 'out')}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == status and message in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "out").exists() == (status == 0)


def test_json_that_is_nested_too_deeply_is_refused(
    hub_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[" * 100_000 + b"\n")))
    assert main(["translate", str(hub_folder / "trained"), "--json-input", "--device", "cpu"]) == 2
    assert "error: line 1: not JSON: " in capsys.readouterr().err


def test_a_checkpoint_of_another_format_and_without_options_of_today_says_so(
    hub_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(hub_folder / "trained", tmp_path / "trained")
    path = tmp_path / "trained" / "checkpoint_best.pt"
    state = torch.load(hub_folder / "trained" / "checkpoint_last.pt", weights_only=True)
    del state["cfg"]["model"]["embed_scale"]
    torch.save(state, path)
    arguments = ["translate", str(tmp_path / "trained"), "--text", SENTENCES[0], "--device", "cpu"]
    assert main(arguments) == 0, "an option that was added later has its default"
    state["model"]["checkpoint_version._extra_state"] = torch.tensor(1)
    torch.save(state, path)
    assert main(arguments) == 2
    assert "this checkpoint was written with checkpoint format 1, and this version reads" in capsys.readouterr().err
