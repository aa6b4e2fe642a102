"""One HTML file about translations: scores, tests, curves, BLEU by length, examples and their alignments.

The page needs nothing else: styles are in it, pictures are SVG elements, and there is no script.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import new_file, read_lines
from reencoder.text.pieces import SPACE

from .alignment import Alignment, alignment_from_json
from .bleu import Scores, check_counts, score
from .buckets import LengthBucket, by_frequency, by_length, range_text
from .compare import CompareOptions, Comparison, compare
from .comparison_text import bucket_tables, tables
from .curves import CurvePoint, draw_curve
from .heatmap import to_svg
from .pictures import literal, new_figure, svg_text
from .sentences import sentence_scores
from .significance import SIDES
from .tables import Table
from .word_differences import Word, closest, mark

TEMPLATE = "report.html.j2"
"""Name of the template, a file beside this one."""


@dataclass(frozen=True)
class ReportInputs:
    """What a report is about.

    Attributes:
        title: heading of the page.
        systems: for each name its detokenised hypotheses, one per source.
        references: for each source its raw references.
        sources: raw sources.
        counts: how often words occur in the training data; None if it is unknown.
        curves: for each name the training curve.
        alignments: alignments by the number of their sentence.
        options: how systems are compared.
        examples: number of sentences to show beside the largest wins and losses.
        origin: lines about where the figures come from.

    Raises:
        DataError: there is no system, a number of lines is wrong, or the number of examples is negative.
    """

    title: str
    systems: Mapping[str, Sequence[str]]
    references: Sequence[Sequence[str]]
    sources: Sequence[str]
    counts: Mapping[str, int] | None
    curves: Mapping[str, Sequence[CurvePoint]]
    alignments: Mapping[int, Alignment]
    options: CompareOptions
    examples: int = 10
    origin: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.systems:
            raise DataError("no translations to report")
        if self.examples < 0:
            raise DataError(f"--examples {self.examples}: must not be negative")
        for hypotheses in self.systems.values():
            check_counts(hypotheses, self.references)
        _check_alignments(self)


@dataclass(frozen=True)
class Line:
    """A text of an example.

    Attributes:
        label: whose text it is.
        words: its words; those that differ are marked.
        score: chrF2 of the sentence; None for a reference.
    """

    label: str
    words: Sequence[Word]
    score: float | None


@dataclass(frozen=True)
class Example:
    """A sentence with its translations.

    Attributes:
        number: number of the sentence, counted from 1.
        source: raw source.
        lines: for each system its translation, and after them the references.
        alignment: heat map as SVG, or None.
        aligned: whose text the heat map is about.
    """

    number: int
    source: str
    lines: Sequence[Line]
    alignment: str | None
    aligned: str


def check_template_engine() -> None:
    """Check, before long work starts, that jinja2 is installed.

    Raises:
        DataError: it is not.
    """
    if find_spec("jinja2") is None:
        raise DataError("report: needs jinja2; install this project's extra 'report': pip install '.[report]'")


def read_alignments(path: Path) -> dict[int, Alignment]:
    """Read alignments that ``python -m eval align --json`` wrote, by the number of their sentence.

    Raises:
        DataError: the file cannot be read, or a line is not an alignment.
    """
    found = {}
    for number, line in enumerate(read_lines(path), start=1):
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        alignment = alignment_from_json(value, f"{path}, line {number}")
        if alignment.number is None:
            raise DataError(f"{path}, line {number}: an alignment without the number of a sentence")
        found[alignment.number] = alignment
    return found


def write_report(path: Path, inputs: ReportInputs) -> None:
    """Write the page.

    Args:
        path: file to write.
        inputs: see `ReportInputs`.

    Raises:
        DataError: jinja2 is not installed, an option is wrong, or the file cannot be written.
    """
    check_template_engine()
    text = render(inputs)
    with new_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def render(inputs: ReportInputs) -> str:
    """Return the page as HTML."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    options, case = inputs.options, inputs.options.keep_case
    scores = {
        name: score(hypotheses, inputs.references, keep_case=case, samples=options.samples)
        for name, hypotheses in inputs.systems.items()
    }
    comparison = None
    if len(inputs.systems) > 1:
        comparison = compare(inputs.systems, inputs.references, inputs.sources, inputs.counts, options, scores)
        lengths, of_sentences, further = comparison.lengths, comparison.sentence_scores, tables(comparison)
    else:
        lengths = by_length(inputs.systems, inputs.references, inputs.sources, options.lengths, keep_case=case)
        of_sentences = {
            name: sentence_scores(hypotheses, inputs.references, keep_case=case)
            for name, hypotheses in inputs.systems.items()
        }
        frequencies = (
            []
            if inputs.counts is None
            else by_frequency(inputs.systems, inputs.references, inputs.counts, options.frequencies, keep_case=case)
        )
        further = bucket_tables(lengths, frequencies, any(len(texts) > 1 for texts in inputs.references))
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page: str = environment.get_template(TEMPLATE).render(
        title=inputs.title,
        scores=_score_table(scores),
        tables=further,
        baseline=None if comparison is None else comparison.baseline,
        sides=SIDES,
        lengths=Markup(_length_chart(lengths)),
        curves=[
            (name, Markup(svg_text(draw_curve(points), f"curve {name}"))) for name, points in inputs.curves.items()
        ],
        groups=[
            (title, [(example, Markup(example.alignment or "")) for example in found])
            for title, found in _examples(inputs, of_sentences, comparison)
        ],
        origin=inputs.origin,
    )
    return page


def _score_table(scores: Mapping[str, Scores]) -> Table:
    columns = ["system"]
    names = {
        "BLEU": ("bleu", "BLEU"),
        "BLEU-1ref": ("bleu_first_reference", "BLEU, first reference"),
        "chrF2": ("chrf2", "chrF2"),
        "TER": ("ter", "TER (lower is better)"),
    }
    columns += [title for _, title in names.values()]
    rows = []
    for name, found in scores.items():
        row = [name]
        for metric, (attribute, _) in names.items():
            row.append(f"{getattr(found, attribute):.2f} ({found.confidence[metric].to_text()})")
        rows.append([*row, f"{found.length_ratio:.3f}"])
    first = next(iter(scores.values()))
    notes = [
        *(first.bleu_signature, first.bleu_first_reference_signature, first.chrf2_signature, first.ter_signature),
        f"{first.sources} sources, {first.references} references; in brackets the 95% confidence interval around its "
        "bootstrap mean",
    ]
    return Table("Scores", [*columns, "length ratio"], rows, notes)


def _length_chart(lengths: Sequence[LengthBucket]) -> str:
    """A group of bars per range of lengths, one bar per system."""
    figure = new_figure(7, 3.2)
    axes = figure.add_subplot()
    names = list(lengths[0].bleu)
    width = 0.8 / len(names)
    for number, name in enumerate(names):
        places = [n + (number - (len(names) - 1) / 2) * width for n in range(len(lengths))]
        # matplotlib leaves what begins with "_" out of a legend.
        label = f" {name}" if name.startswith("_") else name
        axes.bar(places, [bucket.bleu[name] for bucket in lengths], width, label=literal(label))
    labels = [f"{range_text(b.lowest, b.highest)}\n({b.sources})" for b in lengths]
    axes.set_xticks(range(len(lengths)), labels)
    axes.set_xlabel("length of the source in characters (number of sources)")
    axes.set_ylabel("BLEU")
    axes.grid(True, axis="y", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=min(4, len(names)))
    return svg_text(figure, "lengths")


def _examples(
    inputs: ReportInputs, scores: Mapping[str, Sequence[float]], comparison: Comparison | None
) -> list[tuple[str, list[Example]]]:
    """Groups of examples: the largest wins and losses of each system, and sentences from the worst to the best."""
    name_of_last, last = list(scores.items())[-1]
    groups: list[tuple[str, list[int]]] = []
    if comparison is not None:
        for name, found in comparison.sentences.items():
            for kind, rows in (("wins", found.wins), ("losses", found.losses)):
                title = f"Largest {kind} of {name} against {comparison.baseline}"
                groups.append((title, [row.number for row in rows]))
    ranked = sorted(range(1, len(last) + 1), key=lambda number: (last[number - 1], number))
    count = min(inputs.examples, len(ranked))
    spread = [ranked[round(n * (len(ranked) - 1) / max(1, count - 1))] for n in range(count)]
    groups.append((f"From the worst to the best sentence of {name_of_last}", list(dict.fromkeys(spread))))
    return [(title, [_example(inputs, scores, number) for number in numbers]) for title, numbers in groups if numbers]


def _example(inputs: ReportInputs, scores: Mapping[str, Sequence[float]], number: int) -> Example:
    at = number - 1
    references = list(inputs.references[at])
    lines = []
    for name, hypotheses in inputs.systems.items():
        reference = closest(hypotheses[at], references)
        own, other = mark(hypotheses[at], reference)
        lines.append(Line(name, own, scores[name][at]))
    for text in references:
        # `reference` and `other` are those of the last system
        words = other if text == reference else [Word(word, False) for word in text.split()]
        lines.append(Line("reference", words, None))
    alignment = inputs.alignments.get(number)
    drawn = to_svg(alignment) if alignment is not None and alignment.target else None
    texts = [(name, hypotheses[at]) for name, hypotheses in inputs.systems.items()]
    texts += [("the reference", text) for text in references]
    return Example(number, inputs.sources[at], lines, drawn, "" if alignment is None else _owner(alignment, texts))


def _owner(alignment: Alignment, texts: Sequence[tuple[str, str]]) -> str:
    """Return the first of the names whose text consists of the target words of an alignment; empty if none does."""
    target = _letters("".join(alignment.target))
    return next((name for name, text in texts if _letters(text) == target), "")


def _check_alignments(inputs: ReportInputs) -> None:
    """Check that alignments are of the sources, whose characters preparing the data changes only in part.

    Raises:
        DataError: most characters of the sources do not occur in the aligned words.
    """
    shared = total = 0
    for number, alignment in inputs.alignments.items():
        if 1 <= number <= len(inputs.sources):
            given = set(_letters(inputs.sources[number - 1]))
            shared += len(given.intersection(_letters("".join(alignment.source[:-1]))))
            total += len(given)
    if 5 * shared < 2 * total:
        raise DataError("--alignments: they are of other sentences; give those of the same split and data")


def _letters(text: str) -> str:
    return "".join(text.replace(SPACE, "").lower().split())


def origin_lines(record: Mapping[str, Any]) -> list[str]:
    """Return what a provenance record says, as lines for the end of the page.

    Args:
        record: ``commit`` as text, ``versions`` and ``files`` with path and SHA-256.
    """
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items() if version)
    files = [f"{entry['path']} (SHA-256 {entry['sha256'][:12]})" for entry in record["files"]]
    return [record["commit"], versions, *files]
