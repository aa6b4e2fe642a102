"""``python -m eval digits``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from data_prep.files import write_json

from ..checkpoints import split_checkpoints
from ..images import draw, evaluate
from ..outputs import add_output
from .shared import add_split

HELP = "show the confusion matrix of a model of images, and draw its errors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Let a model of --task grid_mnist predict images; show the confusion matrix and the errors."
    parser.add_argument(
        "path", metavar="CKPT[:CKPT...]", help=f"checkpoint, or several separated by '{os.pathsep}' for an ensemble"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of IDX files (default: that of the training)")
    add_split(parser, "to predict", default="valid")
    add_output(parser, "--json", "write error rate, confusion matrix and errors")
    add_output(parser, "--png", "draw confusion matrix and misclassified images")


def run(args: argparse.Namespace) -> None:
    evaluation, images = evaluate(split_checkpoints(args.path), args.split, args.data)
    if args.png is not None:
        draw(args.png, evaluation, images)
    if args.json is not None:
        write_json(args.json, evaluation.to_json())
    print("\n".join(evaluation.to_lines()))
