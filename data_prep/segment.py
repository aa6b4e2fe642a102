"""Segmentation of a stream, so that raw Chinese can be piped into a translation program."""

from pathlib import Path
from typing import BinaryIO

from data_prep.errors import DataError
from data_prep.manifest import segmenter_from_manifest
from data_prep.pairs import decode_line
from data_prep.text import ChineseSegmenter


def segment_stream(
    source: BinaryIO, sink: BinaryIO, manifest: Path | None, segmentation: str, model: Path | None
) -> None:
    """Write every line of `source` segmented to `sink`, at once; as many lines come out as went in.

    The settings are those of `manifest`, or else `segmentation` (and `model`, a sentencepiece model).

    Raises DataError for settings that do not fit together and for a line that is not UTF-8.
    """
    if model is not None and (manifest is not None or segmentation != "sentencepiece"):
        raise DataError("--sentencepiece-model goes with --segmentation sentencepiece only")
    segment = segmenter_from_manifest(manifest) if manifest else ChineseSegmenter(segmentation, model)
    offset = 0
    for number, line in enumerate(source, 1):
        text = decode_line(line, "standard input", number, offset)
        offset += len(line)
        sink.write(segment(text.removeprefix("\ufeff") if number == 1 else text).encode() + b"\n")
        sink.flush()
