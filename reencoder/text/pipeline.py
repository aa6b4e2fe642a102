"""Raw text to tokens and back, as a manifest describes it."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from pathlib import Path

from .manifest import MANIFEST, TRUECASE, check_files, fingerprint, languages, read_manifest, text_files, text_options
from .pieces import UNKNOWN, join_pieces, model_name
from .segmentation import ChineseSegmenter, EnglishTokenizer, detokenize_english
from .truecase import ends_in_abbreviation, read_capitals, restore_beginnings, restore_words

# Control characters, private use, lone surrogates, separators of lines and paragraphs.
_UNWANTED = ("Cc", "Co", "Cs", "Zl", "Zp")
_INVISIBLE = "Cf"  # format characters, such as a byte-order mark or a zero-width space, may stand inside a word
_REPLACEMENT = "\ufffd"  # what stands for bytes that are not text
_SENTENCE_END = re.compile(
    r"""
    [。！？!?]++(?![”’」』）)"'])
    | [。！？!?]++[”’」』）)"']++(?=\s|$|[“‘「『（("'])
    | (?<!\d)\.[”’"')]*+(?=\s)
    """,
    re.VERBOSE,
)
_CLAUSE_END = re.compile(r"[；;]+")
_LONGEST_TITLE = 20


class TextPipeline:
    """How raw sentences become tokens of a model, and its tokens readable sentences.

    Args:
        folder: folder of prepared data, or of checkpoints that the manifest was copied to.

    Attributes:
        manifest: path of the manifest.
        languages: source and target language.
        fingerprint: see `reencoder.text.manifest.fingerprint`.

    Raises:
        DataError: the manifest or a file that it lists is missing, damaged or changed.
    """

    def __init__(self, folder: Path) -> None:
        self.manifest = folder / MANIFEST
        manifest = read_manifest(self.manifest)
        options = text_options(manifest, self.manifest)
        check_files(self.manifest)
        self.languages = languages(manifest)
        self.fingerprint = fingerprint(self.manifest)
        self._segment = ChineseSegmenter(options["segmentation"], folder / model_name("zh"))
        self._pieces = options["target_segmentation"] == "sentencepiece"
        self._tokenize = EnglishTokenizer(options["keep_case"], folder / model_name("en") if self._pieces else None)
        self._keep_case: bool = options["keep_case"]
        table = TRUECASE in text_files(manifest) and not self._keep_case
        self._capitals = read_capitals(folder / TRUECASE) if table else {}

    def encode_source(self, text: str) -> str:
        """Return the tokens of a raw Chinese sentence, separated by spaces; none for a blank one."""
        return self._segment(clean(text))

    def encode_target(self, text: str) -> str:
        """Return the tokens of a raw English sentence, separated by spaces; none for a blank one."""
        return self._tokenize(clean(text))

    def decode(self, line: str) -> str:
        """Return target tokens, separated by spaces, as readable English; unknown words are left out."""
        words = join_pieces(line) if self._pieces else " ".join(word for word in line.split() if word != UNKNOWN)
        if self._keep_case:
            return detokenize_english(words)
        return restore_beginnings(detokenize_english(restore_words(words, self._capitals)))


def clean(text: str) -> str:
    """Replace what is not part of a sentence, such as control characters, by spaces; remove what is invisible."""
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category in _UNWANTED or character == _REPLACEMENT:
            kept.append(" ")
        elif category != _INVISIBLE:
            kept.append(character)
    return "".join(kept).strip()


def split_sentences(text: str) -> list[str]:
    """Split a text behind the punctuation that ends sentences, Chinese or Western, where one certainly ends.

    No sentence ends behind a title or an initial, nor behind a quotation after which it goes on: “你好。”他说。
    """
    text = clean(text)
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return _parts(text, [end for end in ends if not ends_in_abbreviation(text[max(0, end - _LONGEST_TITLE) : end])])


def split_clauses(text: str) -> list[str]:
    """Split a text behind semicolons, Chinese or Western."""
    text = clean(text)
    return _parts(text, [match.end() for match in _CLAUSE_END.finditer(text)])


def _parts(text: str, ends: list[int]) -> list[str]:
    parts = (text[start:end].strip() for start, end in pairwise([0, *ends, len(text)]))
    return [part for part in parts if part]
