"""What is made of predicted classes of images: lines, confusion matrix, picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.errors import DataError
from eval.images import Evaluation, Prediction, draw, parse_predictions
from reencoder.images.folder import LabelledImages
from tests.images import bars


def test_predictions_are_read_whatever_their_order() -> None:
    lines = ["T-1\t4", "H-1\t-1.0\t9", "D-1\t-1.0\t9", "P-1\t-1.0", "T-0\t3", "H-0\t-0.0\t3", "other"]
    assert parse_predictions(lines) == [Prediction(0, 3, 3, 1.0), Prediction(1, 4, 9, 0.5)]
    for wrong, message in (
        ([], "no prediction"),
        (["T-3\t1"], "image 3 lacks a line of T- and H-"),
        (["T-3\t1", "H-3\t-1.0\tfive"], "image 3: expected a class from 0 to 9"),
    ):
        with pytest.raises(DataError, match=message):
            parse_predictions(wrong)


def evaluation(errors: int) -> Evaluation:
    predictions = [Prediction(n, n % 10, (n % 10 + (n < errors)) % 10, 0.9) for n in range(200)]
    return Evaluation("test", predictions, {})


def test_confusion_counts_labels_and_predictions() -> None:
    found = evaluation(3)
    assert found.confusion[0][:3] == [19, 1, 0] and found.confusion[2][2:4] == [19, 1] and found.confusion[9][9] == 20
    assert found.error_rate == 1.5 and [error.image for error in found.errors] == [0, 1, 2]
    lines = found.to_lines()
    assert lines[2].split() == ["0", "19", "1", *"........"]
    assert lines[-1] == "3 of 200 images of test wrong: error rate 1.50%"


@pytest.mark.parametrize("errors", [0, 1, 150])
def test_a_picture_shows_any_number_of_errors(errors: int, tmp_path: Path) -> None:
    images = LabelledImages(*bars(200, 1))
    draw(tmp_path / "errors.png", evaluation(errors), images)
    draw(tmp_path / "none.png", evaluation(0), images)
    pictures = [(tmp_path / f"{name}.png").read_bytes() for name in ("errors", "none")]
    assert pictures[0].startswith(b"\x89PNG") and (pictures[0] == pictures[1]) is (errors == 0)
