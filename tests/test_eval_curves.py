"""The reader of fairseq-train's log, on entries as the program prints them; table, plot and command line."""

import csv
import json
from pathlib import Path

import pytest

from data_prep.errors import DataError
from eval.__main__ import main
from eval.curves import CurvePoint, parse_log, plot, read_log, write_curve

PREFIX = "2026-01-31 10:00:00 | INFO | "


def train(epoch: int, updates: int, ppl: str, wall: str) -> str:
    # "train_train_wall" is the time within updates, "train_wall" the time since the start
    entry = {"epoch": epoch, "train_loss": "9", "train_ppl": ppl, "train_num_updates": str(updates)}
    return f"{PREFIX}train | {json.dumps({**entry, 'train_train_wall': '1', 'train_wall': wall})}"


def valid(epoch: int, updates: int, ppl: str, **more: str) -> str:
    entry = {"epoch": epoch, "valid_loss": "9", "valid_ppl": ppl, "valid_num_updates": str(updates), **more}
    return f"{PREFIX}valid | {json.dumps(entry)}"


LOG = [
    PREFIX + "fairseq_cli.train | {'_name': None, 'common': {'log_format': 'json'}}",
    PREFIX + 'train_inner | {"epoch": 1, "update": 0.5, "ppl": "90", "num_updates": "5", "wall": "6"}',
    valid(1, 10, "59.5"),
    PREFIX + "fairseq_cli.train | end of epoch 1 (average epoch stats below)",
    train(1, 10, "70.25", "12"),
    valid(2, 20, "33.1", valid_bleu="4.5"),
    train(2, 20, "40", "25"),
]
POINTS = [CurvePoint(1, 10, 70.25, 59.5, 9.0, None, 12.0), CurvePoint(2, 20, 40.0, 33.1, 9.0, 4.5, 25.0)]


def test_entries_of_an_update_make_one_point() -> None:
    assert parse_log(LOG) == POINTS


def test_entries_without_prefix() -> None:
    # as fairseq-train --log-file writes them
    assert parse_log([line.rpartition(" | ")[2] for line in LOG]) == POINTS


def test_validation_within_an_epoch() -> None:
    assert parse_log([valid(1, 4, "80"), *LOG]) == [CurvePoint(1, 4, valid_ppl=80.0, valid_loss=9.0), *POINTS]


def test_resumed_training_replaces_what_was_given_up() -> None:
    given_up = [valid(2, 18, "50"), valid(2, 20, "49", valid_bleu="1"), train(2, 20, "48", "20"), valid(3, 25, "1")]
    resumed = [valid(2, 17, "45"), valid(2, 20, "44"), train(2, 20, "43", "22")]
    assert parse_log([*LOG[:5], *given_up, *resumed]) == [
        POINTS[0],
        CurvePoint(2, 17, valid_ppl=45.0, valid_loss=9.0),
        CurvePoint(2, 20, 43.0, 44.0, 9.0, None, 22.0),
    ]


def test_perplexity_from_the_loss() -> None:
    # losses are logged to base 2; if the likelihood is logged, too, it gives the perplexity, not the smoothed loss
    line = '{"epoch": 1, "valid_loss": "9", "valid_nll_loss": "3", "valid_num_updates": "7"}'
    assert parse_log([line]) == [CurvePoint(1, 7, valid_ppl=8.0, valid_loss=9.0)]
    assert parse_log([line.replace('"valid_nll_loss": "3", ', "")]) == [
        CurvePoint(1, 7, valid_ppl=512.0, valid_loss=9.0)
    ]


def test_other_validation_set() -> None:
    line = '{"epoch": 1, "dev_ppl": "5", "dev_num_updates": "7"}'
    assert parse_log([line]) == []
    assert parse_log([line], valid_subset="dev") == [CurvePoint(1, 7, valid_ppl=5.0)]


def test_bad_entries_name_the_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 2: valid_ppl is 'much', not a number"):
        parse_log([LOG[0], valid(1, 1, "much")])
    with pytest.raises(DataError, match="line 1: epoch is None, expected a whole number"):
        parse_log(['{"valid_ppl": "1", "valid_num_updates": "1"}'])
    log = tmp_path / "train.log"
    log.write_text(valid(1, 1, "much"))
    with pytest.raises(DataError, match=r"train\.log, line 1: valid_ppl"):
        read_log(log)


def test_csv(tmp_path: Path) -> None:
    write_curve(tmp_path / "curve.csv", POINTS)
    with (tmp_path / "curve.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[0] == {
        "epoch": "1",
        "updates": "10",
        "train_ppl": "70.25",
        "valid_ppl": "59.5",
        "valid_loss": "9.0",
        "valid_bleu": "",
        "wall_seconds": "12.0",
    }
    assert [row["valid_bleu"] for row in rows] == ["", "4.5"]


def test_plot_is_reproducible(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        plot(tmp_path / name, POINTS if name != "c.png" else POINTS[:1], title="a curve")
    images = [(tmp_path / name).read_bytes() for name in ("a.png", "b.png", "c.png")]
    assert images[0].startswith(b"\x89PNG\r\n\x1a\n")
    assert images[0] == images[1] != images[2]
    assert len(list(tmp_path.iterdir())) == 3


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, table, image = tmp_path / "train.log", tmp_path / "curve.csv", tmp_path / "curve.png"
    log.write_text("\n".join(LOG) + "\n")
    assert main(["curve", str(log), "--csv", str(table), "--png", str(image)]) == 0
    assert "2 points up to update 20" in capsys.readouterr().out
    assert table.read_text().count("\n") == 3 and image.exists()


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", ["--csv", "x.csv"], "no training or validation entry; run fairseq-train with --log-format json"),
        (LOG[4], [], "nothing to write; give --csv FILE, --png FILE or both"),
        (LOG[4], ["--png", "x.pdf"], "x.pdf: the plot is a PNG file"),
        (None, ["--csv", "x.csv"], "train.log: no such file"),
    ],
)
def test_command_line_errors(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("train.log").write_text(text)
    assert main(["curve", "train.log", *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and message in error
    assert [path.name for path in tmp_path.iterdir()] == ([] if text is None else ["train.log"])
