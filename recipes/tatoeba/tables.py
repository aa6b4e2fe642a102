"""The tables of systems and of experiments in docs/results.md."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.files import read_json
from eval.provenance import ROOT, describe_commit

from ..origins import origin, origin_of_system
from .catalogue import EXPERIMENTS, group_by_tokens
from .execution import BEAM, UNKPEN
from .experiment import Experiment
from .speed import BEAMS


def experiments(folder: Path) -> list[str]:
    """Return the section on the experiments whose results are in a folder; nothing if there are none.

    Args:
        folder: folder of the result files.
    """
    results = [read_json(folder / f"{name}.json") for name in EXPERIMENTS if (folder / f"{name}.json").exists()]
    if not results:
        return []
    return [
        "## Experiments",
        "",
        "One training per row, one thread each; choices are made on the validation set: perplexity, and BLEU at beam "
        f"{BEAM} with `--unkpen {UNKPEN:g}`. Perplexities of subwords and characters do not compare with those of "
        "words, nor do those of the reverse direction with others. Experiments that did not help stay in the table. "
        f"Minutes of CPU time, or, with {WALL}, wholly or in part from start to end. After a plus sign, those of the "
        "models that translated the training set, and of the translations from start to end.",
        "",
        "| experiment | what is tried | data | seed | updates | minutes | parameters | train ppl | valid ppl "
        "| valid BLEU |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_row(result) for result in results),
        "",
        "<details><summary>Options that differ from those of <code>recipes.options.translation_options</code>, and "
        "where each result comes from</summary>",
        "",
        *(f"* `{result['name']}`: {_changes(result['options'])}. {_origin(result)}" for result in results),
        "",
        "</details>",
        "",
    ]


def minutes(result: Mapping[str, Any]) -> float:
    """Return the CPU time of a training in minutes, or, where it was not measured, the time from start to end."""
    seconds: float = result.get("cpu_seconds") or result["provenance"]["wall_seconds"]
    return seconds / 60


WALL = "\\*"
"""Marks minutes from start to end, of trainings whose CPU time is not known, in Markdown."""


def _mark(members: Sequence[Mapping[str, Any]]) -> str:
    # Results from before this was recorded have measured times, or none.
    measured = (member.get("cpu_time_measured", member.get("cpu_seconds")) for member in members)
    return "" if all(measured) else WALL


def minutes_with_teachers(members: Sequence[Mapping[str, Any]]) -> float:
    """Return the minutes that a system takes: of its members' trainings, their teachers', and the translations."""
    taken: dict[str, float] = {}
    for member in members:
        taken |= {name: seconds / 60 for name, seconds in member.get("data_seconds", {}).items()}
    return sum((taken | {member["name"]: minutes(member) for member in members}).values())


def _all_minutes(members: Sequence[Mapping[str, Any]]) -> str:
    """Return the minutes that a system takes, marked if they are not CPU time alone."""
    return f"{minutes_with_teachers(members):.0f}{_mark(members)}"


def millions(count: int | None) -> str:
    """Return a number of parameters in millions, or a dash if it is not known."""
    return "-" if count is None else f"{count / 1e6:.1f} M"


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
    lines = [
        f"| {' | '.join(_SYSTEM_COLUMNS)} |",
        "| --- | --- |" + " ---: |" * (len(_SYSTEM_COLUMNS) - 2),
        *(text for _, text in sorted(rows, key=lambda row: -row[0])),
    ]
    if speeds["systems"]:
        lines += [
            "",
            f"Sentences per second: the validation set, the fastest of {speeds['repetitions']} runs that alternate "
            f"between the systems, one thread, up to {speeds['batch_size']} sentences per batch. "
            f"{_raw_speeds(speeds)}{origin(speeds['provenance'])}",
        ]
    compared = [(path.with_suffix(".md"), read_json(path)) for path in sorted(folder.glob("compare*.json"))]
    if compared:
        lines += [
            "",
            "Significance, BLEU by length of the source, F1 by frequency of the words, and the sentences with the "
            "largest differences (`python -m eval compare`; *ensemble* is *reranked* before the reranking):",
            "",
        ]
        for path, found in compared:
            others = ", ".join(name for name in found["scores"] if name != found["baseline"])
            lines.append(f"* [{others} with {found['baseline']}](../{path.relative_to(ROOT).as_posix()})")
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
        "`eval translate`, which also segments and detokenises, reaches these parts of the sentences per second: "
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
    cells = [
        (
            result["scores"]["test"],
            [label, str(len(result["members"])), _all_minutes(result["members"])],
        )
        for label, result in rows
    ]
    cells += [(row, [label, "1", "-"]) for label, row in outside]
    cells.sort(key=lambda row: -row[0]["bleu"])
    marked = any(WALL in cell for _, texts in cells for cell in texts)
    return [
        "| system | models | minutes of training, one thread | BLEU | chrF2 | TER |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {' | '.join(first)} | {scores['bleu']:.2f} | {scores['chrf2']:.2f} "
            f"| {'-' if scores.get('ter') is None else format(scores['ter'], '.2f')} |"
            for scores, first in cells
        ),
        *(["", f"{WALL} wholly or in part from start to end; the others are minutes of CPU time."] if marked else []),
        *_processors(rows),
        *_significance(folder),
    ]


def _processors(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Return a paragraph on which systems were trained on which processor, if it was not the same for all."""
    trained: dict[str, list[str]] = {}
    for label, result in rows:
        machines = (member.get("provenance", {}).get("hardware") for member in result["members"])
        for processor in sorted({machine["cpu"] for machine in machines if machine}):
            trained.setdefault(processor, []).append(label)
    if len(trained) < 2:
        return []
    # The most common one, which is told first, needs no list.
    first, *others = sorted(trained, key=lambda processor: -len(trained[processor]))
    named = " ".join(f"Trained on {processor}: {'; '.join(trained[processor])}." for processor in others)
    return ["", f"Minutes on different processors do not compare. {named} The others: on {first}."]


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
        f"{sources} sentences: a BLEU is known to within about {tests['BLEU'][RIVAL]['interval']:.1f} (95%). Paired "
        f"approximate randomisation against {MAIN[RIVAL]}, p of {', '.join(tests)}: {'; '.join(chances)}.",
    ]


RIVAL = "lstm-muon-decayed-long"
"""The system with which the others are compared below the README's table: `python -m eval compare` wrote the file."""


MAIN = {
    "reranked": "Reencoders without weight decay, reranked by the reverse direction",
    "pieces-phrases-decayed-long": "Reencoder, Muon and weight decay",
    "reencoders": "Reencoders, Muon and weight decay, an ensemble",
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


def _system_row(name: str, result: Mapping[str, Any], speed: Mapping[str, float]) -> tuple[float, str]:
    """Return the BLEU and the row of a system."""
    scores, members = result["scores"]["test"], result["members"]
    parameters = [member.get("parameters") for member in members]
    total = None if None in parameters else sum(parameters)
    cells = [
        f"**{name}**",
        str(len(members)),
        millions(total),
        _all_minutes(members),
        f"{members[0]['valid_ppl']:.2f}" if len(members) == 1 else "-",
        f"{result['scores']['valid']['bleu']:.2f}",
        *(f"{scores[metric]:.2f}" for metric in ("bleu", "bleu_first_reference", "chrf2", "ter")),
        f"{scores['length_ratio']:.3f}",
        " / ".join(f"{speed[str(beam)]:.0f}" for beam in BEAMS) if speed else "-",
    ]
    return scores["bleu"], f"| {' | '.join(cells)} |"


def _part_row(name: str, part: str, scores: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[float, str]:
    """Return the BLEU and the row of one of the ensembles that a system combines."""
    members = [member for member in result["members"] if member["name"] in part.split("+")]
    alone = {"scores": scores, "members": members}
    return _system_row(f"{name}, only {' + '.join(part.split('+'))}", alone, {})


def _outside_row(row: Mapping[str, Any]) -> tuple[float, str]:
    first = "-" if row["bleu_first_reference"] is None else f"{row['bleu_first_reference']:.2f}"
    ter = "-" if row["ter"] is None else f"{row['ter']:.2f}"
    cells = [row["system"], "1", *4 * "-", f"{row['bleu']:.2f}", first, f"{row['chrf2']:.2f}", ter]
    cells += [f"{row['length_ratio']:.3f}", "-"]
    return row["bleu"], f"| {' | '.join(cells)} |"


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


def _row(result: Mapping[str, Any]) -> str:
    bleu = f"{result['valid']['bleu']:.2f}" if result["valid"] else "-"
    # The question is the catalogue's: "the same" in a result file may refer to a row that has been moved.
    return (
        f"| `{result['name']}` | {EXPERIMENTS[result['name']].question} | {result['data']} "
        f"| {result['options']['seed']} | {result['updates']:,} | {_minutes(result)} "
        f"| {millions(result.get('parameters'))} | {result['train_ppl']:.2f} | {result['valid_ppl']:.2f} | {bleu} |"
    )


def _minutes(result: Mapping[str, Any]) -> str:
    """Return the minutes of a training and, after a plus sign, those of its teachers."""
    more = sum(result.get("data_seconds", {}).values()) / 60
    return f"{minutes(result):.0f}{_mark([result])}" + (f" + {more:.0f}" if more else "")


def _changes(options: Mapping[str, Any]) -> str:
    """Return the options of a training that are not those of every experiment."""
    common = Experiment("", updates=options["max_update"], lr=options["lr"], seed=options["seed"]).training()
    changed = [f"{name}={value}" for name, value in options.items() if common.get(name) != value]
    return ", ".join(changed) or "none"


def perplexity_curves(folder: Path, best: str) -> dict[str, list[tuple[float, float]]]:
    """Return for each experiment with some tokens its validation perplexities by minutes of its own training.

    Validations do not record the time; but updates cost the same from the first to the last.

    Args:
        folder: folder of the result files.
        best: an experiment; perplexities of models with other tokens, or of the reverse direction, do not compare.
    """
    curves = {}
    names = next(group for group in group_by_tokens(EXPERIMENTS) if best in group)
    for name in names:
        if EXPERIMENTS[name].reverse == EXPERIMENTS[best].reverse and (folder / f"{name}.json").exists():
            result = read_json(folder / f"{name}.json")
            per_update = minutes(result) / result["updates"]
            curves[name] = [(updates * per_update, valid) for updates, _, valid in result["curve"] if valid is not None]
    return curves


def plot_perplexities(path: Path, curves: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Draw validation perplexity against minutes of training, one line per experiment.

    Args:
        path: PNG file to write.
        curves: minutes and perplexities by experiment.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), marker=".", label=name)
    axes.set(xlabel="minutes of training, one thread", ylabel="validation perplexity", yscale="log")
    axes.set_yticks(ticks := [6, 7, 8, 10, 15, 20, 30, 50], [str(tick) for tick in ticks])
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(top=50)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _origin(result: Mapping[str, Any]) -> str:
    provenance = result["provenance"]
    return (
        f"`{shlex.join(provenance['command'])}`, {describe_commit(provenance['commit'])}, "
        f"{provenance['started'][:10]}, torch {provenance['versions']['torch']}, {provenance['hardware']['cpu']}"
    )
