"""Files with every fault that the cleaning knows, and test sets of several references: prepared, trained on, scored."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path

import pytest

from data_prep.__main__ import main
from eval.bleu import score
from eval.references import read_references
from tests.forked_programs import ROOT, run_forked

GOOD = [(f"汤姆有{number}本书。", f"Tom has {number} books.") for number in range(12)]
FAULTS = [
    b"no tab\n",
    b"\n",
    b"Hi.\t \n",
    "A\rB\t好\n".encode(),
    b"\xff\t\xba\n",
    "Itâ€™s Tom.\t他是汤姆。\tCC-BY\n".encode(),  # repaired
    "Hello.\tÄãºÃ£¬ÊÀ½ç\n".encode(),
    "Tom\u200b left.\t汤姆走了。\n".encode(),  # repaired
    ("Tom.\t" + "汤姆" * 20 + "\n").encode(),
    ("Tom " * 21 + "\t汤姆。\n").encode(),
    "Tom is here now with us.\t在\n".encode(),
    "Thanks.\tありがとう\n".encode(),
    "Спасибо большое.\t谢谢你了。\n".encode(),
    "TOM has 3 books!\t湯姆有3本書\n".encode(),
]
EXPECTED = {
    "blank line at the end of the file": 1,
    "no tab": 1,
    "blank line": 1,
    "the Chinese side is empty": 1,
    "carriage return inside the line": 1,
    "not UTF-8": 1,
    "mojibake that cannot be repaired": 1,
    "more than 30 Chinese characters": 1,
    "more than 20 English words": 1,
    "lengths differ by more than a factor of 5": 1,
    "wrong script on the Chinese side": 1,
    "wrong script on the English side": 1,
    "normalised duplicate": 1,
    "source without a reference": 1,
}


def prepare(folder: Path) -> Path:
    """Prepare the messy files; return the folder of the data."""
    good = [f"{english}\t{chinese}\n".encode() for chinese, english in GOOD]
    tsv = folder / "messy.tsv.gz"
    tsv.write_bytes(gzip.compress(b"\xef\xbb\xbf" + b"".join(good[:8] + FAULTS) + b"\n"))
    for side, ending in enumerate(("zh", "en")):
        text = "".join(pair[side] + "\r\n" for pair in GOOD[8:])
        (folder / f"more.{ending}.xz").write_bytes(lzma.compress(text.encode()))
    for name, held_out in {"zh": "你好\n你好\n再见\n", "en.0": "Hi.\n\n\n", "en.1": "Hello.\nHi!\n\n"}.items():
        (folder / f"test.{name}").write_text(held_out, encoding="utf-8")
    sets = [str(folder / f"test.{name}") for name in ("zh", "en.0", "en.1")]
    dest = folder / "data"
    arguments = [
        "prepare",
        "--tsv",
        str(tsv),
        "--parallel",
        *(str(folder / f"more.{end}.xz") for end in ("zh", "en")),
    ]
    arguments += ["--test", *sets, "--valid", sets[0], sets[2], "--dest", str(dest), "--segmentation", "char"]
    arguments += ["--drop-malformed", "--drop-empty", "--mojibake", "repair", "--control-characters", "remove"]
    arguments += ["--max-chinese", "30", "--max-english", "20", "--max-ratio", "5", "--min-script", "0.4"]
    assert main([*arguments, "--drop-duplicates", "normalised"]) == 0
    return dest


def test_a_messy_corpus_becomes_clean_and_accounts_for_every_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dest = prepare(tmp_path)
    manifest = json.loads((dest / "manifest.json").read_text(encoding="utf-8"))
    # the source without a reference is in valid and in test
    assert manifest["dropped"] == EXPECTED | {"source without a reference": 2}
    assert manifest["repaired"] == {"mojibake": 1, "control character": 1}
    rows = (dest / "dropped.tsv").read_text(encoding="utf-8").split("\n")[:-1]
    assert len(rows) == sum(manifest["dropped"].values()) - 1
    assert len((dest / "repaired.tsv").read_text(encoding="utf-8").split("\n")[:-1]) == 2
    # every line of the corpora is used or dropped
    assert manifest["counts"]["train"]["pairs"] == len(GOOD) + 2
    held_out_rows = sum("source without a reference" in row for row in rows)
    assert len(GOOD) + len(FAULTS) == manifest["counts"]["train"]["pairs"] + len(rows) - held_out_rows

    train = (dest / "text" / "train.en").read_text(encoding="utf-8")
    assert "it ’ s tom .\n" in train and "tom left .\n" in train
    assert (dest / "raw" / "train.attribution").read_text(encoding="utf-8") == "9\t0\tCC-BY\n"
    raw = [(dest / "raw" / f"test.{name}").read_text(encoding="utf-8") for name in ("zh", "en.0", "en.1")]
    assert raw == ["你好\n你好\n", "Hi.\nHi!\n", "Hello.\n\n"]
    assert list(manifest["inputs"]) == [
        *("tsv", "zh", "en", "valid.zh", "valid.en.0", "test.zh", "test.en.0", "test.en.1")
    ]
    assert manifest["options"]["split"] == "given" and manifest["options"]["max_ratio"] == 5
    assert "ftfy" in manifest["versions"]
    assert "repaired: mojibake: 1" in capsys.readouterr().out


def test_a_model_of_a_messy_corpus_translates_messy_text_and_is_scored(tmp_path: Path) -> None:
    """From the files with every fault to a score, with the real programs."""
    data = prepare(tmp_path)
    (tmp_path / "reencoder").symlink_to(ROOT / "reencoder")
    training = ["data/bin", "--user-dir", "reencoder", "--task", "reencoder_translation", "--arch", "reencoder_tiny"]
    training += ["--hidden-size", "16", "--optimizer", "adam", "--lr", "0.01", "--batch-size", "8", "--max-epoch", "3"]
    training += ["--max-source-positions", "30", "--max-target-positions", "20", "--num-workers", "0"]
    asked = [
        "汤姆有３本書。",
        "",
        " \u3000",
        "\u200b汤姆\x07走了。",
        "Itâ€™s 汤姆",
        "🦑",
        "汤姆有4本书。" * 6,
        "ありがとう",
    ]
    (tmp_path / "messy.txt").write_bytes(b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in asked).encode())
    for words in (
        ["fairseq_cli.train", *training, "--no-epoch-checkpoints", "--save-dir", "trained"],
        ["eval", "translate", "trained", "--input", "messy.txt", "--output", "messy.en"],
        ["eval", "translate", "trained", "--input", "data/raw/test.zh", "--output", "test.en"],
        ["eval", "score", "test.en", "--data", "data", "--samples", "0", "--json", "scores.json"],
    ):
        outcome = run_forked(["python", "-m", *words], tmp_path)
        assert outcome.status == 0, outcome.stderr[-4000:]
    translated = (tmp_path / "messy.en").read_text(encoding="utf-8").split("\n")
    assert translated.pop() == "" and len(translated) == len(asked)
    assert translated[1] == translated[2] == ""
    hypotheses = (tmp_path / "test.en").read_text(encoding="utf-8").split("\n")[:-1]
    found = json.loads((tmp_path / "scores.json").read_text())["scores"]
    assert found["sources"] == 2 and found["references"] == 3
    expected = score(hypotheses, read_references([data / "raw" / "test.en"]))
    assert found["bleu"] == expected.bleu and found["ter"] == expected.ter
