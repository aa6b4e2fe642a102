"""Alignments as heat maps: one square per target word (row) and source word (column), the darker the larger its weight.

The SVG is text: the fonts of the reader show its Chinese characters. The PNG needs an installed font that has them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import new_file
from reencoder.text.pieces import SPACE

from .alignment import END, Alignment
from .pictures import chinese_font, literal, new_figure, save_png

FORMATS = (".svg", ".png")
"""Kinds of files that `draw` writes."""

_SQUARE, _LETTER, _GAP = 26, 9.0, 6
"""Side of a square, estimated width of a letter and distance between text and squares, in pixels."""
_LIGHT, _DARK = (255, 255, 255), (8, 69, 148)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not allow as a character (section 2.2)."""
_FONTS = "system-ui, sans-serif, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei'"
"""The latter are for readers whose programs find no Chinese characters in the former by themselves."""


def draw(path: Path, alignment: Alignment, title: str = "") -> None:
    """Write a heat map; the ending of the name says whether as SVG or as PNG.

    Args:
        path: file to write.
        alignment: what to draw.
        title: title above the map. Default: none

    Raises:
        DataError: the ending of the name is neither, the target is empty, the PNG lacks a font for its characters, or
            the file cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise DataError(f"{path}: the name of a heat map must end in {' or '.join(FORMATS)}")
    if not alignment.target:
        raise DataError(f"{path}: there is nothing to draw, the target is empty")
    if path.suffix.lower() == ".png":
        _draw_png(path, alignment, title)
        return
    with new_file(path) as temporary:
        temporary.write_text(to_svg(alignment, title) + "\n", encoding="utf-8", newline="\n")


def to_svg(alignment: Alignment, title: str = "") -> str:
    """Return a heat map as an SVG element, which a page may contain. A square's tooltip has its words and weight.

    U+FFFD stands for characters that XML cannot contain, such as control characters.

    Args:
        alignment: what to draw.
        title: title above the map. Default: none
    """
    alignment, title = _labelled(alignment), _NOT_XML.sub("\ufffd", title)
    left = _GAP + max(map(_width, alignment.target))
    top = _GAP + max(map(_width, alignment.source)) * 0.8 + 12 + (24 if title else 0)
    # the labels of the columns rise to the right
    right = 10 + _width(alignment.source[-1]) * 0.8
    width, height = left + _SQUARE * len(alignment.source) + right, top + _SQUARE * len(alignment.target) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" font-family="{_FONTS}" font-size="13">',
        f"<title>{escape(title or ' '.join(alignment.target))}</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
    ]
    if title:
        parts.append(f'<text x="{_GAP}" y="18" font-weight="bold">{escape(title)}</text>')
    for n, word in enumerate(alignment.source):
        x, y = left + _SQUARE * (n + 0.5), top - _GAP
        turned = f"translate({x:.1f} {y:.1f}) rotate(-50)"
        # With the language the characters have their Chinese forms, not the Japanese ones.
        parts.append(f'<text xml:lang="zh" transform="{turned}">{escape(word)}</text>')
    for row, (word, weights) in enumerate(zip(alignment.target, alignment.weights, strict=True)):
        y = top + _SQUARE * row
        x = left - _GAP
        parts.append(f'<text x="{x:.1f}" y="{y + _SQUARE * 0.66:.1f}" text-anchor="end">{escape(word)}</text>')
        for column, weight in enumerate(weights):
            tip = f"{word} ← {alignment.source[column]}: {weight:.2f}"
            parts.append(
                f'<rect x="{left + _SQUARE * column:.1f}" y="{y:.1f}" width="{_SQUARE}" height="{_SQUARE}" '
                f'fill="{_colour(weight)}" stroke="#d0d0d0"><title>{escape(tip)}</title></rect>'
            )
    return "\n".join([*parts, "</svg>"])


def _draw_png(path: Path, alignment: Alignment, title: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    alignment = _labelled(alignment)
    words = (*alignment.source, *alignment.target, title)
    font = chinese_font() if any(_wide(character) for word in words for character in word) else "DejaVu Sans"
    if font is None:
        raise DataError(
            f"{path}: matplotlib finds no font with Chinese characters; install one (Debian: fonts-noto-cjk or "
            "fonts-wqy-microhei) or write the map as .svg"
        )
    rows, columns = len(alignment.target), len(alignment.source)
    figure = new_figure(1.6 + 0.35 * columns, 1.4 + 0.3 * rows)
    axes = figure.add_subplot()
    shades = LinearSegmentedColormap.from_list("blue", [tuple(v / 255 for v in shade) for shade in (_LIGHT, _DARK)])
    axes.imshow(alignment.weights, cmap=shades, vmin=0, vmax=1, aspect="auto")
    source, target = ([literal(word) for word in words] for words in (alignment.source, alignment.target))
    axes.set_xticks(range(columns), source, rotation=50, ha="left", rotation_mode="anchor", fontfamily=font)
    axes.set_yticks(range(rows), target, fontfamily=font)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    if title:
        axes.set_title(literal(title), fontfamily=font, fontsize="medium")
    save_png(figure, path, dpi=130)


def _labelled(alignment: Alignment) -> Alignment:
    source, target = (
        tuple(_NOT_XML.sub("\ufffd", label) for label in _labels(tokens))
        for tokens in (alignment.source, alignment.target)
    )
    return replace(alignment, source=source, target=target)


def _labels(tokens: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of tokens: words as they are; pieces without the mark, with a dot if they continue a word."""
    if not any(token.startswith(SPACE) for token in tokens):
        return tuple(tokens)
    return tuple(
        token if token == END else (token.removeprefix(SPACE) or token) if token.startswith(SPACE) else f"·{token}"
        for token in tokens
    )


def _colour(weight: float) -> str:
    parts = (round(light + (dark - light) * weight) for light, dark in zip(_LIGHT, _DARK, strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _width(text: str) -> float:
    """Return the estimated width of a text in pixels."""
    return sum(_LETTER * (1.7 if _wide(character) else 1.0) for character in text)


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
