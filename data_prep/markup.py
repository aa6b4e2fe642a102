"""Test sets in files with markup: SGM and XML of NIST, WMT until 2020 and IWSLT, and the XML of WMT since 2021."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from .compressed import decompress, plain_name
from .errors import DataError
from .files import decode_utf8, read_bytes

Key = tuple[str, str]
"""Names a segment: its document and its number there."""

_ENDINGS = (".sgm", ".sgml", ".xml")
# Other elements, such as <title> and <description> of IWSLT, are not part of the test set.
_TAG = re.compile(r"<(?P<name>srcset|refset|tstset|doc|/?seg)\b(?P<attributes>[^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
# Codes and names of languages; WMT's SGM has "any" as the source language.
_CHINESE = re.compile(r"(zh|cmn|chi|mandarin).*|any|", re.IGNORECASE)
_ENGLISH = re.compile(r"en.*|any|", re.IGNORECASE)


def is_markup(path: Path) -> bool:
    """Return whether the name of a file, which may be compressed, says that it contains markup."""
    return Path(plain_name(path)).suffix.lower() in _ENDINGS


def read_segments(path: Path, kind: str) -> dict[Key, list[str]]:
    """Read the segments of an SGM or XML file of one side.

    These files are often not well-formed XML, so only sets, documents and segments are looked for. A document without a
    name, which is its "docid" or "id", is named by its number. Entities such as &amp; are replaced by their characters,
    and white space becomes single spaces. A segment that occurs several times, in documents of the same name (the
    references of several translators), gets several texts.

    Args:
        path: the file, which may be compressed.
        kind: element around its documents, if there is one: ``srcset`` or ``refset``.

    Returns:
        The texts of each segment, by document and number, in the order of the file.

    Raises:
        DataError: the file cannot be read, is of another kind or in other languages, a segment is not closed or occurs
            twice in a document of a translator, or there are no segments.
    """
    text = decode_utf8(decompress(read_bytes(path), path).removeprefix(b"\xef\xbb\xbf"), str(path), 1)
    return _SgmReader(path, kind, text).read()


class _SgmReader:
    """Goes through the tags of a file; see `read_segments`."""

    def __init__(self, path: Path, kind: str, text: str) -> None:
        self.path, self.kind, self.text = path, kind, text
        self.segments: dict[Key, list[str]] = {}
        self._seen: set[tuple[str, ...]] = set()
        self._sets = self._documents = self._number = 0
        self._document = self._translator = ""
        self._opened: re.Match[str] | None = None

    def read(self) -> dict[Key, list[str]]:
        """Return the texts of each segment."""
        for tag in _TAG.finditer(self.text):
            name = tag["name"].lower()
            if (name == "/seg") != (self._opened is not None):
                self._refuse_nesting(self._opened or tag)
            attributes = _attributes(tag["attributes"].removesuffix("/"))
            if name.endswith("set"):
                _check_set(self.path, self.kind, name, attributes)
                self._sets += 1
            elif name == "doc":
                self._begin_document(attributes)
            elif self._opened is not None:
                content = self.text[self._opened.end() : tag.start()]
                self._add_segment(_attributes(self._opened["attributes"]), content)
                self._opened = None
            elif tag["attributes"].endswith("/"):
                self._add_segment(attributes, "")
            else:
                self._opened = tag
        if self._opened is not None:
            self._refuse_nesting(self._opened)
        if not self.segments:
            raise DataError(f"{self.path}: contains no <seg>; expected a test set in SGM or XML")
        return self.segments

    def _begin_document(self, attributes: Mapping[str, str]) -> None:
        self._documents += 1
        self._number = 0
        self._document = attributes.get("docid") or attributes.get("id") or str(self._documents)
        self._translator = attributes.get("sysid") or f"document {self._documents}"

    def _add_segment(self, attributes: Mapping[str, str], content: str) -> None:
        self._number += 1
        key = self._document, attributes.get("id", str(self._number))
        occurrence = (str(self._sets), self._translator, *key)
        if occurrence in self._seen:
            raise DataError(
                f"{self.path}: segment {key[1]} of document '{self._document}' occurs 2 times; remove one, or give "
                "each translator a <doc> of its own"
            )
        self._seen.add(occurrence)
        self.segments.setdefault(key, []).append(" ".join(html.unescape(content).split()))

    def _refuse_nesting(self, tag: re.Match[str]) -> NoReturn:
        line = self.text.count("\n", 0, tag.start()) + 1
        fault = "is not closed before the next element; add </seg>" if tag["name"].lower() == "seg" else "has no <seg>"
        raise DataError(f"{self.path}, line {line}: {tag[0]} {fault}")


def read_wmt_xml(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Read an XML file of WMT since 2021: the source and the references in one file.

    As in sacreBLEU, the documents of test suites are not part of the test set, and the segments of a document are in
    the order of their numbers. All text of a segment counts, including text in nested elements.

    Yields:
        Each source sentence with its references, in alphabetical order of the translators. A missing reference is
        empty.

    Raises:
        DataError: the file cannot be read, is not such XML or is in other languages, or a document has a segment or
            a translator twice, or a reference for a segment that its source lacks.
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
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DataError(
            f"{path}: not a WMT XML file with source and references: {error}; give one file per side"
        ) from error
    _check_language(path, "src", "lang", sources[0].get("lang", ""), _CHINESE)
    _check_language(path, "ref", "lang", references[0].get("lang", ""), _ENGLISH)
    translators = sorted({element.get("translator") or "" for element in references})
    for document in root.findall(".//doc"):
        if "testsuite" in document.attrib:
            continue
        name = f"{path}: document '{document.get('id', '')}'"
        texts = _numbered_segments(document.findall(".//src//seg"), f"{name}, source")
        sides: dict[str, dict[int, str]] = {}
        for reference in document.findall(".//ref"):
            translator = reference.get("translator") or ""
            place = f"{name}, translator '{translator}'"
            if translator in sides:
                raise DataError(f"{place}: occurs 2 times; give each translator one <ref> per document")
            sides[translator] = _numbered_segments(reference.findall(".//seg"), place)
            unknown = sorted(sides[translator].keys() - texts.keys())
            if unknown:
                raise DataError(f"{place}: the source has no segment {unknown[0]}; remove it, or complete the source")
        for number in sorted(texts):
            yield texts[number], [sides.get(translator, {}).get(number, "") for translator in translators]


def _numbered_segments(segments: Iterable[Any], place: str) -> dict[int, str]:
    """Return the texts of <seg> elements by number; `place` names their document and side in error messages."""
    texts: dict[int, str] = {}
    for segment in segments:
        given = segment.get("id")
        if given is None or not given.strip().isdecimal():
            raise DataError(f"{place}: a <seg> has {'no id' if given is None else f'the id {given!r}'}; number it")
        number = int(given)
        if number in texts:
            raise DataError(f"{place}: segment {number} occurs 2 times; remove one, or number them differently")
        texts[number] = " ".join("".join(segment.itertext()).split())
    return texts


def _check_set(path: Path, kind: str, name: str, attributes: Mapping[str, str]) -> None:
    """Check that a <srcset>, <refset> or <tstset> is of the kind that is expected, from Chinese into English."""
    if name != kind:
        raise DataError(
            f"{path}: contains a <{name}>, expected a <{kind}>; give the file with the Chinese source first, then "
            "those with the English references"
        )
    for attribute, languages in (("srclang", _CHINESE), ("trglang", _ENGLISH)):
        _check_language(path, name, attribute, attributes.get(attribute, ""), languages)


def _check_language(path: Path, element: str, attribute: str, found: str, expected: re.Pattern[str]) -> None:
    if not expected.fullmatch(found.strip()):
        wanted = "Chinese (zh)" if expected is _CHINESE else "English (en)"
        raise DataError(
            f'{path}: <{element} {attribute}="{found}">, expected {wanted}; give a test set from Chinese into English'
        )


def _attributes(text: str) -> dict[str, str]:
    """Return the attributes of an element, names in lower case."""
    return {name.lower(): one or other or bare for name, one, other, bare in _ATTRIBUTE.findall(text)}
