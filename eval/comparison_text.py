"""A comparison of systems as tables, for text, Markdown and the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .buckets import FrequencyBucket, LengthBucket, range_text
from .compare import Comparison
from .sentences import Difference, Differences
from .significance import SIDES, Tested
from .tables import Table, escape_markdown

_COLUMNS = ("mean ± 95%", "p boot.", "p rand.")


def tables(comparison: Comparison) -> list[Table]:
    """Return the scores with the tests, the lengths, BLEU by length and F1 by frequency."""
    found = [_significance(comparison, metric) for metric in comparison.significance.tests]
    found.append(
        Table(
            "Length",
            ("system", "length ratio", "brevity penalty", "tokens"),
            [
                (name, f"{s.length_ratio:.3f}", f"{s.brevity_penalty:.3f}", str(s.hypothesis_length))
                for name, s in comparison.scores.items()
            ],
        )
    )
    several = comparison.first_reference is not None
    return [*found, *bucket_tables(comparison.lengths, comparison.frequencies, several)]


def bucket_tables(
    lengths: Sequence[LengthBucket], frequencies: Sequence[FrequencyBucket], several: bool
) -> list[Table]:
    """Return BLEU by length and F1 by frequency.

    Args:
        lengths: see `eval.buckets.by_length`; if empty, its table is left out.
        frequencies: see `eval.buckets.by_frequency`; if empty, its table is left out.
        several: show the figures for the first reference beside those for all.
    """
    found = []
    if lengths:
        columns = ("length", "sources", *_system_columns(list(lengths[0].bleu), several))
        rows = [
            (range_text(b.lowest, b.highest), str(b.sources), *_figures(b.bleu, b.bleu_first_reference, several))
            for b in lengths
        ]
        found.append(Table("BLEU by length of the source, in characters", columns, rows))
    if frequencies:
        columns = ("occurrences", "words", *_system_columns(list(frequencies[0].f1), several))
        rows = [
            (range_text(b.lowest, b.highest), str(b.words), *_figures(b.f1, b.f1_first_reference, several))
            for b in frequencies
        ]
        found.append(Table("F1 of words by their number of occurrences in the training data", columns, rows))
    return found


def to_text(comparison: Comparison) -> str:
    """Return the comparison as text."""
    lines = [table.to_text() for table in tables(comparison)]
    for name, found in comparison.sentences.items():
        lines.append(_summary(comparison, name, found))
        for title, rows in _groups(found):
            lines.append(f"  {title}")
            for row in rows:
                lines.append(f"  {_heading(row)}")
                lines += [f"    {label:9}  {text}" for label, text in _parts(row)]
    lines.append(f"*: p < 0.05, compared with {comparison.baseline}; {SIDES}")
    return "\n".join(lines)


def to_markdown(comparison: Comparison) -> str:
    """Return the comparison as GitHub's Markdown."""
    parts = [table.to_markdown() for table in tables(comparison)]
    parts.append(f"\\*: p < 0.05, compared with {escape_markdown(comparison.baseline)}; {SIDES}")
    for name, found in comparison.sentences.items():
        parts.append(f"**{escape_markdown(_summary(comparison, name, found))}**")
        for title, rows in _groups(found):
            lines = [f"{title}:", ""]
            for row in rows:
                lines.append(f"- {_heading(row)}")
                lines += [f"  - {label}: {escape_markdown(text)}" for label, text in _parts(row)]
            parts.append("\n".join(lines))
    return "\n\n".join(parts)


def p_value(value: float | None) -> str:
    """Return a p-value as text, with a mark if it is below 0.05."""
    return "" if value is None else f"{value:.4f}{'*' if value < 0.05 else ' '}"


def _significance(comparison: Comparison, metric: str) -> Table:
    """One row per system; the figures for all references, and beside them those for the first."""
    every, one = comparison.significance, comparison.first_reference
    columns = ["system", "all refs", *_COLUMNS, *(() if one is None else ("1 ref", *_COLUMNS))]
    rows = []
    for name in comparison.scores:
        row = [name, *_tested(every.tests[metric][name])]
        rows.append(row if one is None else [*row, *_tested(one.tests[metric][name])])
    notes = [*every.signatures[metric].values(), *(() if one is None else one.signatures[metric].values())]
    return Table(f"{metric}{' (lower is better)' if metric == 'TER' else ''}", columns, rows, notes)


def _tested(test: Tested) -> list[str]:
    interval = f"{test.mean:.2f} ± {test.interval:.2f}"
    return [f"{test.score:.2f}", interval, p_value(test.p_bootstrap), p_value(test.p_randomisation)]


def _system_columns(names: Sequence[str], several: bool) -> list[str]:
    return [f"{name}, {which}" for which in ("all refs", "1 ref") for name in names] if several else list(names)


def _figures(every: Mapping[str, float], one: Mapping[str, float], several: bool) -> list[str]:
    return [f"{value:.2f}" for value in (*every.values(), *(one.values() if several else ()))]


def _summary(comparison: Comparison, name: str, found: Differences) -> str:
    return (
        f"{name} against {comparison.baseline}, chrF2 of each sentence: {found.better} better, {found.worse} worse, "
        f"{found.equal} equal"
    )


def _groups(found: Differences) -> Iterator[tuple[str, list[Difference]]]:
    for title, rows in (("largest wins", found.wins), ("largest losses", found.losses)):
        if rows:
            yield title, list(rows)


def _heading(row: Difference) -> str:
    return f"sentence {row.number}: {row.gain:+.1f} ({row.baseline_score:.1f} to {row.score:.1f})"


def _parts(row: Difference) -> Iterator[tuple[str, str]]:
    if row.source is not None:
        yield "source", row.source
    for text in row.references:
        yield "reference", text
    yield "baseline", row.baseline
    yield "system", row.hypothesis
