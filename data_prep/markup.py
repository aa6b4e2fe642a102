"""Test sets in files with markup: SGM and XML of NIST, WMT until 2020 and IWSLT, and the XML of WMT since 2021."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .compressed import decompress, plain_name
from .errors import DataError
from .files import decode_utf8, read_bytes

Key = tuple[str, str]
"""Names a segment: its document and its number there."""

_ENDINGS = (".sgm", ".sgml", ".xml")
# <doc>, <seg ...>text</seg>; other elements, such as <title> and <description> of IWSLT, are no part of the test set.
_ELEMENT = re.compile(r"<doc\b(?P<doc>[^>]*)>|<seg\b(?P<seg>[^>]*)>(?P<text>.*?)</seg\s*>", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(r"(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")


def is_markup(path: Path) -> bool:
    """Return whether the name of a file, which may be compressed, says that it contains markup."""
    return Path(plain_name(path)).suffix.lower() in _ENDINGS


def read_segments(path: Path) -> dict[Key, list[str]]:
    """Read the segments of an SGM or XML file of one side.

    These files are often no well-formed XML, so only <doc> and <seg> are looked for. A document without a name, which
    is its "docid" or "id", is named by its number. Entities such as &amp; are replaced by their characters, and white
    space becomes single spaces. A segment that occurs several times, in documents of the same name (the references of
    several translators), gets several texts.

    Returns:
        The texts of each segment, by document and number, in the order of the file.

    Raises:
        DataError: the file cannot be read, or contains no segments.
    """
    segments: dict[Key, list[str]] = {}
    document, number, documents = "", 0, 0
    text = decode_utf8(decompress(read_bytes(path), path).removeprefix(b"\xef\xbb\xbf"), str(path), 1)
    for found in _ELEMENT.finditer(text):
        if found["doc"] is not None:
            attributes = _attributes(found["doc"])
            documents += 1
            document, number = attributes.get("docid") or attributes.get("id") or str(documents), 0
            continue
        number += 1
        key = document, _attributes(found["seg"]).get("id", str(number))
        segments.setdefault(key, []).append(" ".join(html.unescape(found["text"]).split()))
    if not segments:
        raise DataError(f"{path}: contains no <seg>; expected a test set in SGM or XML")
    return segments


def read_wmt_xml(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Read an XML file of WMT since 2021: the source and the references in one file.

    As in sacreBLEU, the documents of test suites are no part of the test set, and the segments of a document are in the
    order of their numbers. Of a segment all text counts, also that inside of further elements.

    Yields:
        Each source sentence with its references, in alphabetical order of the translators. A missing reference is
        empty.

    Raises:
        DataError: the file cannot be read, or is no such XML.
    """
    from lxml import etree

    data = decompress(read_bytes(path), path)
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
        sources, references = root.findall(".//src"), root.findall(".//ref")
        for side, found in (("source", sources), ("reference", references)):
            languages = sorted({str(element.get("lang")) for element in found})
            if len(languages) != 1:
                raise ValueError(f"{len(languages)} {side} languages")
        translators = sorted({element.get("translator") or "" for element in references})
        for document in root.findall(".//doc"):
            if "testsuite" in document.attrib:
                continue
            texts = _numbered_segments(document, ".//src//seg")
            sides = {
                ref.get("translator") or "": _numbered_segments(ref, ".//seg") for ref in document.findall(".//ref")
            }
            for number in sorted(texts):
                yield texts[number], [sides.get(name, {}).get(number, "") for name in translators]
    except (etree.XMLSyntaxError, TypeError, ValueError) as error:
        raise DataError(f"{path}: no XML of WMT with source and references: {error}; give one file per side") from error


def _numbered_segments(element: Any, path: str) -> dict[int, str]:
    return {int(segment.get("id")): " ".join("".join(segment.itertext()).split()) for segment in element.findall(path)}


def _attributes(text: str) -> dict[str, str]:
    """Return the attributes of an element, names in lower case."""
    return {name.lower(): one or other or bare for name, one, other, bare in _ATTRIBUTE.findall(text)}
