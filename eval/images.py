"""Classes of images predicted by the real fairseq-generate: error rate, confusion matrix, a picture of the errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_prep.errors import DataError
from reencoder.images import CLASSES

from .checkpoints import task_config
from .hypotheses import OutputLine, parse_output
from .pictures import new_figure, save_png
from .program import generate_arguments, run_generate
from .provenance import Stopwatch, describe_file, provenance, recorded_command

if TYPE_CHECKING:
    from matplotlib.figure import SubFigure

    from reencoder.images.folder import LabelledImages

TASK = "grid_mnist"

SHOWN = 100
"""Maximum number of misclassified images in the picture."""


@dataclass(frozen=True)
class Prediction:
    """The predicted class of an image.

    Attributes:
        image: number of the image in its split, counted from 0.
        label: the true class.
        predicted: the predicted class.
        probability: the probability that the model gives to the predicted class.
    """

    image: int
    label: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class Evaluation:
    """The predictions for a split, and where they come from.

    Attributes:
        split: the split.
        predictions: one per image, in the order of the split.
        origin: checkpoints with their checksums, and the provenance.
    """

    split: str
    predictions: Sequence[Prediction]
    origin: dict[str, Any]

    @property
    def errors(self) -> list[Prediction]:
        """The predictions that are wrong."""
        return [prediction for prediction in self.predictions if prediction.predicted != prediction.label]

    @property
    def confusion(self) -> list[list[int]]:
        """Number of images for each true class (row) and predicted class (column)."""
        counts = [[0] * CLASSES for _ in range(CLASSES)]
        for prediction in self.predictions:
            counts[prediction.label][prediction.predicted] += 1
        return counts

    @property
    def error_rate(self) -> float:
        """Wrong images in per cent."""
        return 100 * len(self.errors) / len(self.predictions)

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as a JSON object, which lists only the wrong predictions."""
        return {
            "split": self.split,
            "images": len(self.predictions),
            "errors": len(self.errors),
            "error_rate": round(self.error_rate, 4),
            "confusion": self.confusion,
            "misclassified": [asdict(error) for error in self.errors],
            **self.origin,
        }

    def to_lines(self) -> list[str]:
        """Return the confusion matrix and the error rate as lines of text."""
        width = max(len(str(count)) for row in self.confusion for count in row) + 2
        lines = ["label    predicted", "      " + "".join(f"{label:>{width}}" for label in range(CLASSES))]
        for label, row in enumerate(self.confusion):
            lines.append(f"{label:>5} " + "".join(f"{count or '.':>{width}}" for count in row))
        wrong, images = len(self.errors), len(self.predictions)
        return [*lines, f"{wrong} of {images} images of {self.split} wrong: error rate {self.error_rate:.2f}%"]


def parse_predictions(lines: Iterable[str]) -> list[Prediction]:
    """Read the labels and predictions in fairseq-generate's output.

    Returns:
        The predictions in the order of the split.

    Raises:
        DataError: there is none, an image lacks one of its lines, or a line is not about a class.
    """
    found: dict[int, dict[str, OutputLine]] = {}
    for line in parse_output(lines, "TH"):
        found.setdefault(line.identifier, {})[line.kind] = line
    predictions = []
    for image, parts in sorted(found.items()):
        if parts.keys() != {"T", "H"}:
            raise DataError(f"output of fairseq-generate: image {image} lacks a line of T- and H-")
        label, predicted = parts["T"].tokens, parts["H"].tokens
        if not (label.isdecimal() and predicted.isdecimal()):
            raise DataError(f"output of fairseq-generate: image {image}: expected a class from 0 to 9")
        probability = round(2 ** parts["H"].scores[0], 6)
        predictions.append(Prediction(image, int(label), int(predicted), probability))
    if not predictions:
        raise DataError("output of fairseq-generate: no prediction")
    return predictions


def read_split(data: Path, split: str, valid_images: int) -> LabelledImages:
    """Read the images and labels of a split.

    Args:
        data: folder with the four IDX files of MNIST.
        split: `train`, `valid` or `test`.
        valid_images: number of training images that are held out as `valid`.

    Raises:
        DataError: a file is missing or corrupt, or the number is wrong.
    """
    from reencoder.images.folder import ImageFolder

    try:
        return ImageFolder(data, valid_images).load(split)
    except ValueError as error:
        raise DataError(str(error)) from None


def evaluate(
    checkpoints: Sequence[Path], split: str = "valid", data: Path | None = None
) -> tuple[Evaluation, LabelledImages]:
    """Let a model predict the classes of a split.

    Args:
        checkpoints: one model, or the members of an ensemble, whose probabilities are averaged.
        split: `test`, `valid` or `train`. Default: "valid"
        data: folder with the four IDX files of MNIST. Default: the folder that the first checkpoint was trained with

    Returns:
        The evaluation, and the images and labels of the split.

    Raises:
        DataError: a checkpoint is not of `--task grid_mnist`, a file is missing or corrupt, the checkpoints hold out
            different images, or none where they are asked for, or fairseq-generate failed.
    """
    if not checkpoints:
        raise DataError("no checkpoint was given")
    held_out = set()
    for path in checkpoints:
        config = task_config(path)
        if config.get("_name") != TASK:
            raise DataError(f"{path}: was trained on {config.get('_name')}; expected a checkpoint of {TASK}")
        held_out.add(int(config["valid_images"]))
        data = data or Path(config["data"])
    assert data is not None
    if len(held_out) != 1:
        raise DataError("the checkpoints hold out different numbers of images (--valid-images)")
    (valid_images,) = held_out
    if split == "valid" and valid_images == 0:
        raise DataError("--split valid: the training held out no images (--valid-images 0); give --split test")
    images = read_split(data, split, valid_images)
    stopwatch = Stopwatch()
    options = ["--task", TASK, "--valid-images", str(valid_images), "--batch-size", "250", "--num-workers", "0"]
    arguments = generate_arguments(data, checkpoints, split, options)
    with closing(run_generate(arguments)) as lines:
        predictions = parse_predictions(lines)
    if [prediction.label for prediction in predictions] != images.labels.tolist():
        raise DataError(f"output of fairseq-generate: expected the {len(images.labels)} labels of {split} in {data}")
    origin = {
        "checkpoints": [describe_file(path) for path in checkpoints],
        **provenance(recorded_command("fairseq_cli.generate", arguments), stopwatch),
    }
    return Evaluation(split, predictions, origin), images


def draw(path: Path, evaluation: Evaluation, images: LabelledImages) -> None:
    """Draw the confusion matrix and the misclassified images, the most confident errors first, as a PNG file.

    Raises:
        DataError: the name of the file does not end in ``.png``, or it cannot be written.
    """
    errors = sorted(evaluation.errors, key=lambda error: -error.probability)[:SHOWN]
    figure = new_figure(13, 6.4)
    parts: Any = figure.subfigures(1, 2, width_ratios=(6, 7))
    _draw_confusion(parts[0], evaluation.confusion)
    _draw_errors(parts[1], errors, images)
    title = f"{evaluation.split}: {len(evaluation.errors)} of {len(evaluation.predictions)} images wrong"
    figure.suptitle(f"{title} ({evaluation.error_rate:.2f}%)")
    save_png(figure, path, dpi=120)


def _draw_confusion(figure: SubFigure, confusion: Sequence[Sequence[int]]) -> None:
    axes = figure.add_subplot()
    # the colours show the errors alone, which the diagonal would make invisible
    wrong = [[0 if n == label else count for n, count in enumerate(row)] for label, row in enumerate(confusion)]
    darkest = max(max(map(max, wrong)), 1)
    axes.imshow(wrong, cmap="Reds", vmin=0, vmax=darkest)
    for label, row in enumerate(confusion):
        for predicted, count in enumerate(row):
            if count:
                colour = "white" if label != predicted and count > 0.6 * darkest else "black"
                axes.text(predicted, label, str(count), ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(CLASSES))
    axes.set_yticks(range(CLASSES))
    axes.set_xlabel("predicted")
    axes.set_ylabel("label")


def _draw_errors(figure: SubFigure, errors: Sequence[Prediction], images: LabelledImages) -> None:
    if not errors:
        return
    columns = 10
    panels = figure.subplots(max(-(-len(errors) // columns), 4), columns, squeeze=False).flatten()
    for panel in panels:
        panel.set_axis_off()
    for panel, error in zip(panels, errors, strict=False):
        panel.imshow(images.images[error.image], cmap="gray_r", vmin=0, vmax=255)
        panel.set_title(f"{error.label} as {error.predicted}", fontsize=7, pad=2)
