"""The tables of systems, whose translations of the test set are scored, in docs/results.md and the README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.files import read_json
from eval.provenance import ROOT, describe_processor
from eval.tables import markdown_table

from ..origins import origin, origin_of_system
from .costs import WALL, describe_all_minutes, millions
from .speed import BEAMS

Row = tuple[float, list[str]]
"""The BLEU of a system, and its row of the table."""

RIVAL = "lstm-muon-decayed-long"
"""The system with which the others are compared below the README's table: `python -m eval compare` wrote the file."""

MAIN = {
    "reranked": "Reencoders without weight decay, reranked by the reverse direction",
    "pieces-phrases-decayed-lighter": "Reencoder, Muon and weight decay, less dropout",
    "pieces-phrases-decayed-long": "Reencoder, Muon and weight decay",
    "reencoders-longer": "Reencoders, Muon and weight decay, an ensemble",
    "pieces-phrases-long": "Reencoder, without weight decay",
    "pieces-phrases": "Reencoder, without weight decay, half as many updates",
    "transformer-muon-decayed-long": "fairseq's Transformer, Muon and weight decay",
    "transformer-muon": "fairseq's Transformer, Muon",
    "transformer": "fairseq's Transformer, Adam",
    "lstm-muon-decayed-long": "fairseq's LSTM with attention, Muon and weight decay",
    "lstm-long-rare-words": "fairseq's LSTM with attention, Adam",
    "Moses, tuned on valid, unknown words dropped": "Moses, phrase-based, tuned",
}
"""What the README calls its choice of the systems: by folder, or by name of one trained outside this project."""

_MAIN_COLUMNS = ("system", "models", "minutes of training, one thread", "BLEU", "chrF2", "TER")

_SYSTEM_COLUMNS = (
    "system",
    "members",
    "parameters",
    "training minutes",
    "valid ppl",
    "valid BLEU",
    "BLEU, all refs",
    "BLEU, 1 ref",
    "chrF2",
    "TER",
    "length ratio",
    f"sentences/s, beam {' / '.join(map(str, BEAMS))}",
)


def systems(folder: Path, baselines: Path) -> list[str]:
    """Return the table of systems, best first, and where each comes from.

    Args:
        folder: contains a folder of results (`python -m recipes.tatoeba --results`) per system, and maybe `speed.json`
            (`python -m recipes.tatoeba.speed`) and `compare*.json` with its `.md` (`python -m eval compare`).
        baselines: scores of systems that were trained outside this project.
    """
    results = {path.parent.name: read_json(path) for path in sorted(folder.glob("*/result.json"))}
    speeds = read_json(folder / "speed.json") if (folder / "speed.json").exists() else {"systems": {}}
    rows = [_system_row(name, result, speeds["systems"].get(name, {})) for name, result in results.items()]
    for name, result in results.items():
        rows += [_part_row(name, part, scores, result) for part, scores in result.get("parts", {}).items()]
    rows += [_outside_row(row) for row in read_json(baselines)]
    rows.sort(key=lambda row: -row[0])
    lines = markdown_table(_SYSTEM_COLUMNS, (cells for _, cells in rows), right=range(2, len(_SYSTEM_COLUMNS)))
    if speeds["systems"]:
        lines += [
            "",
            "Sentences per second are measured on the validation set, with one thread and up to "
            f"{speeds['batch_size']} sentences per batch: the fastest of {speeds['repetitions']} runs that alternate "
            "between the systems. "
            f"{_raw_speeds(speeds)}{origin(speeds['provenance'])}",
        ]
    compared = [(path.with_suffix(".md"), read_json(path)) for path in sorted(folder.glob("compare*.json"))]
    if compared:
        lines += [
            "",
            "These comparisons (`python -m eval compare`) show significance, BLEU by length of the source, F1 by "
            "frequency of the words, and the sentences with the largest differences:",
            "",
        ]
        for path, found in compared:
            others = ", ".join(name for name in found["scores"] if name != found["baseline"])
            lines.append(f"* [{others} compared with {found['baseline']}](../{path.relative_to(ROOT).as_posix()})")
    lines += ["", "Each system's evaluation (the trainings of its members are in the table of experiments):", ""]
    lines += [f"* **{name}**: {_members(result)} {origin_of_system(result)}" for name, result in results.items()]
    return lines


def _raw_speeds(speeds: Mapping[str, Any]) -> str:
    """Say how fast the systems are from raw text to raw text, if that was measured."""
    found = []
    for name, raw in speeds.get("raw", {}).items():
        generated = speeds["systems"][name]
        found.append(f"{name} {' / '.join(f'{raw[str(beam)] / generated[str(beam)]:.2f}' for beam in BEAMS)}")
    if not found:
        return ""
    return (
        "`eval translate`, which also segments and detokenises, reaches these fractions of the sentences per second: "
        f"{'; '.join(found)}. "
    )


def main_scores(folder: Path, baselines: Path) -> list[str]:
    """Return the table of the systems of `MAIN` for the README, best first.

    Args:
        folder: see `systems`.
        baselines: see `systems`.
    """
    found = [(folder / name / "result.json", label) for name, label in MAIN.items()]
    rows = [(label, read_json(path)) for path, label in found if path.exists()]
    outside = [(MAIN[row["system"]], row) for row in read_json(baselines) if row["system"] in MAIN]
    found_scores = [
        (
            result["scores"]["test"],
            [label, str(len(result["members"])), describe_all_minutes(result["members"])],
        )
        for label, result in rows
    ]
    found_scores += [(row, [label, "1", "-"]) for label, row in outside]
    found_scores.sort(key=lambda row: -row[0]["bleu"])
    cells = [
        [*first, *(_two_digits(scores.get(metric)) for metric in ("bleu", "chrf2", "ter"))]
        for scores, first in found_scores
    ]
    marked = any(WALL in cell for row in cells for cell in row)
    return [
        *markdown_table(_MAIN_COLUMNS, cells, right=range(1, len(_MAIN_COLUMNS))),
        *(["", f"{WALL} wholly or in part time from start to end; all other minutes are CPU time."] if marked else []),
        *_processors(rows),
        *_significance(folder),
    ]


def _two_digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _processors(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Return a paragraph on which systems were trained on which processor, if it was not the same for all."""
    machines = {
        label: [
            member["provenance"]["hardware"]
            for member in result["members"]
            if member.get("provenance", {}).get("hardware")
        ]
        for label, result in rows
    }
    known = {machine["cpu"] for used in machines.values() for machine in used if machine.get("cpu_generation")}
    trained: dict[str, list[str]] = {}
    for label, used in machines.items():
        names = {
            # Without its generation a processor may be the same as another or not.
            describe_processor(machine)
            + (" (generation not recorded)" if machine["cpu"] in known and not machine.get("cpu_generation") else "")
            for machine in used
        }
        for processor in sorted(names):
            trained.setdefault(processor, []).append(label)
    if len(trained) < 2:
        return []
    # The most common processor is that of "the others".
    first, *others = sorted(trained, key=lambda processor: -len(trained[processor]))
    named = " ".join(f"Trained on {processor}: {'; '.join(trained[processor])}." for processor in others)
    return ["", f"Minutes on different processors are not comparable. {named} All others: on {first}."]


def _significance(folder: Path) -> list[str]:
    """Return a paragraph on the comparison with the strongest of fairseq's own models, if there is one."""
    found = [found for found in map(read_json, sorted(folder.glob("compare*.json"))) if found["baseline"] == RIVAL]
    if not found:
        return []
    tests, sources = found[0]["tests"], found[0]["scores"][RIVAL]["sources"]
    labels = {**MAIN, "moses": MAIN["Moses, tuned on valid, unknown words dropped"]}
    chances = [
        f"{labels[name]} {', '.join(format(tests[metric][name]['p_randomisation'], '.4f') for metric in tests)}"
        for name in tests["BLEU"]
        if name in labels and name != RIVAL
    ]
    return [
        "",
        f"With {sources} sentences, a BLEU is known to within about {tests['BLEU'][RIVAL]['interval']:.1f} (95%). "
        f"p-values of paired approximate randomisation against {MAIN[RIVAL]}, for {', '.join(tests)}: "
        f"{'; '.join(chances)}.",
    ]


def _system_row(name: str, result: Mapping[str, Any], speed: Mapping[str, float]) -> Row:
    """Return the BLEU and the row of a system."""
    scores, members = result["scores"]["test"], result["members"]
    parameters = [member.get("parameters") for member in members]
    total = None if None in parameters else sum(parameters)
    cells = [
        f"**{name}**",
        str(len(members)),
        millions(total),
        describe_all_minutes(members),
        f"{members[0]['valid_ppl']:.2f}" if len(members) == 1 else "-",
        f"{result['scores']['valid']['bleu']:.2f}",
        *(f"{scores[metric]:.2f}" for metric in ("bleu", "bleu_first_reference", "chrf2", "ter")),
        f"{scores['length_ratio']:.3f}",
        " / ".join(f"{speed[str(beam)]:.0f}" for beam in BEAMS) if speed else "-",
    ]
    return scores["bleu"], cells


def _part_row(name: str, part: str, scores: Mapping[str, Any], result: Mapping[str, Any]) -> Row:
    """Return the BLEU and the row of one of the ensembles that a system combines."""
    members = [member for member in result["members"] if member["name"] in part.split("+")]
    alone = {"scores": scores, "members": members}
    return _system_row(f"{name}, only {' + '.join(part.split('+'))}", alone, {})


def _outside_row(row: Mapping[str, Any]) -> Row:
    scores = (_two_digits(row[metric]) for metric in ("bleu", "bleu_first_reference", "chrf2", "ter"))
    return row["bleu"], [row["system"], "1", *4 * "-", *scores, f"{row['length_ratio']:.3f}", "-"]


def _members(result: Mapping[str, Any]) -> str:
    """Say how the members of a system work together."""
    scorers = result.get("rerank", [])
    names = [member["name"] for member in result["members"] if member["name"] not in scorers]
    groups = [[f"`{name}`" for name in part.split("+")] for part in result.get("parts") or ["+".join(names)]]
    ensembles = " and ".join(group[0] if len(group) == 1 else f"the ensemble of {', '.join(group)}" for group in groups)
    reranked = f", whose best translations are reranked by {' and '.join(f'`{name}`' for name in scorers)}"
    return (
        f"{'Minimum Bayes risk over the best translations of ' if len(groups) > 1 or result.get('mbr') else ''}"
        f"{ensembles}"
        f"{reranked if scorers else ''}."
    )
