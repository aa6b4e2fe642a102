"""Segmentation of a stream, for piping raw Chinese into a translation program."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from reencoder.text.manifest import read_manifest, text_options
from reencoder.text.pieces import model_name
from reencoder.text.segmentation import SEGMENTATIONS, ChineseSegmenter

from .errors import DataError
from .files import decode_utf8, without_mark
from .pairs import check_carriage_return


def segment_stream(
    source: BinaryIO, sink: BinaryIO, manifest: Path | None, segmentation: str, model: Path | None
) -> None:
    """Segment each line of `source` and write it to `sink` immediately; every input line gives one output line.

    Args:
        source: raw Chinese, UTF-8.
        sink: where the segmented lines are written.
        manifest: manifest of prepared data whose settings are used; None to use `segmentation` and `model`.
        segmentation: see `ChineseSegmenter`.
        model: path of a sentencepiece model, for the segmentations that use one.

    Raises:
        DataError: the settings contradict each other, or a line is not UTF-8 or contains a carriage return.
    """
    if model is not None and (manifest is not None or "sentencepiece" not in segmentation):
        usable = " or ".join(name for name in SEGMENTATIONS if "sentencepiece" in name)
        raise DataError(f"--sentencepiece-model can only be used with --segmentation {usable}")
    if manifest is not None:
        segmentation = text_options(read_manifest(manifest), manifest)["segmentation"]
        model = manifest.parent / model_name("zh")
    segment = ChineseSegmenter(segmentation, model)
    offset = 0
    for number, line in enumerate(source, 1):
        text = decode_utf8(line, "standard input", number, offset)
        check_carriage_return(text, "standard input", number)
        offset += len(line)
        sink.write(segment(without_mark(text)).encode() + b"\n")
        sink.flush()
