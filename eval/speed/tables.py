"""Tables and a plot of a result file of `python -m eval.speed`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eval.files import atomic_path

NAMES = {
    "plane_d256": "tied 2-LSTM, S = T = 12, d 256, batch 64",
    "plane_d450": "tied 2-LSTM, S = T = 12, d 450, batch 32",
    "plane_d128": "tied 2-LSTM, S = T = 12, d 128, batch 32",
    "stack_tied_d400": "tied 2-LSTM, 18 layers x 47 steps, d 400, batch 15",
    "train_step_d256": "whole training step of a Reencoder, d 256 (embeddings, two planes, softmax, Adam)",
    "twin_b64": "the reference, block after block, d 256, batch 64",
    "twin_b4": "the reference, block after block, d 256, batch 4",
    "autograd_diagonals": "the same fronts under autograd, d 256, batch 64",
    "torch_lstm": "`torch.nn.LSTM`, 18 layers x 47 steps, as many multiplications as the stack above",
}
TARGETS = {
    "plane_d256": 0.85,
    "plane_d450": 0.87,
    "plane_d128": 0.70,
    "stack_tied_d400": 0.75,
    "train_step_d256": 0.6,
    "twin_b64": 1.9,
    "twin_b4": 4.0,
    "autograd_diagonals": 1.2,
    "torch_lstm": 1.0,
}
"""What the project aims at, for each of `NAMES`."""


def summary(result: dict[str, Any]) -> list[str]:
    """The figures that matter most, as a table."""
    decode, used = result["decode"], result["memory"]
    return [
        "| | measured |",
        "| --- | --- |",
        *(f"| matrix products / time: {NAMES[name]} | {part:.2f} |" for name, part in result["limit_ratio"].items()),
        *(f"| time of {NAMES[name]} / ours | {ratio:.2f} |" for name, ratio in result["speedup"].items()),
        f"| recomputing the prefix for each of {decode['prefix']} words / decoding | {decode['over_recompute']:.1f} |",
        f"| peak memory of a block, in d floats (gates computed again) | {used['floats_per_cell_over_d']:.1f} "
        f"({used['recompute_floats_per_cell_over_d']:.1f}) |",
    ]


def document(result: dict[str, Any], picture: str) -> list[str]:
    """The lines of the document, with the plot's file name."""
    origin, decode, used = result["provenance"], result["decode"], result["memory"]
    commit, hardware = origin["commit"], origin["hardware"]
    revision = "no commit" if commit is None else commit["revision"][:7] + (" and changes" if commit["dirty"] else "")
    table = ["| | measured | aim |", "| --- | --- | --- |"]
    step = result["train_step"]
    return [
        "# Speed and memory",
        "",
        "Made by `python -m recipes.tables` from `docs/speed.json`; do not edit.",
        "",
        f"Measured by `{' '.join(origin['command'])}` at {revision}, {origin['started'][:10]}, in "
        f"{origin['wall_seconds']:.0f} seconds: {hardware['threads']} threads on {hardware['cores']} cores "
        f"({hardware['cpu']}), torch {origin['versions']['torch']}, float32, forward and backward. Everything is a "
        "ratio of medians taken in turn in one process; absolute times say little on another machine.",
        "",
        "## How much of the time is matrix products",
        "",
        "Time of the matrix products that cannot be avoided, as one large `torch.mm` each into memory that is there "
        "already, over the time of the whole thing. It can pass 1: within the sweep, products by one matrix use a copy "
        "of it that oneDNN rearranged, and on some processors those are faster than `torch.mm`.",
        "",
        *table,
        *(f"| {NAMES[name]} | {ratio:.2f} | {TARGETS[name]} |" for name, ratio in result["limit_ratio"].items()),
        "",
        f"The training step runs on batches of real sentence pairs ({step['data']}), {step['padding']:.0%} of whose "
        "cells are padding; its unavoidable products are those of the real cells. Where its time goes:",
        "",
        "| operations | part of the time |",
        "| --- | --- |",
        *(f"| {kind} | {part:.0%} |" for kind, part in result["profile"].items()),
        "",
        "## Against other ways to compute the same",
        "",
        "Time of the other way over the time of the engine.",
        "",
        *table,
        *(f"| {NAMES[name]} | {ratio:.2f} | {TARGETS[name]} |" for name, ratio in result["speedup"].items()),
        "",
        "## Decoding",
        "",
        "One more target word for a beam of 20 (S = 12, d 256; the model's part, without the search): "
        f"{decode['ms_per_word']:.1f} ms. The last words of a "
        f"sentence of {len(decode['ms_per_word_by_position'])} take {decode['growth']:.2f} times as long as the first "
        f"(it should not grow). Recomputing the prefix for each of {decode['prefix']} words takes "
        f"{decode['over_recompute']:.1f} times as long (aim: 8).",
        "",
        "## Memory and growth",
        "",
        f"Peak memory of forward and backward for each block: {used['floats_per_cell_over_d']:.1f} d floats, of which "
        "gates take 8 and states 4; "
        f"with gates computed again, {used['recompute_floats_per_cell_over_d']:.1f} d (aim: at most 6) at "
        f"{used['recompute_time_ratio']:.2f} times the time (aim: at most 1.45).",
        "",
        f"Time grows as (S * T) to the power {result['cost_exponent']:.2f} (d 128, batch 16, 36 to 1296 blocks).",
        "",
        f"![Time against blocks, and time a word against its position]({picture})",
    ]


def plot(path: Path, result: dict[str, Any]) -> None:
    """Draw the ratios, the growth of the time and the time a word as a PNG file."""
    # The object interface leaves the caller's choice of a matplotlib backend alone and needs no display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4), layout="constrained")
    FigureCanvasAgg(figure)
    ratios, growth, words = figure.subplots(1, 3)
    shown = list(result["limit_ratio"])
    ratios.barh(shown, [result["limit_ratio"][name] for name in shown], color="tab:blue")
    for at, name in enumerate(shown):
        ratios.plot([TARGETS[name]] * 2, [at - 0.4, at + 0.4], color="tab:orange", label="aim" if at == 0 else None)
    ratios.invert_yaxis()
    ratios.set_xlabel("unavoidable products / time")
    ratios.legend()
    blocks, seconds = zip(*((point["blocks"], point["seconds"]) for point in result["cost"]), strict=True)
    growth.loglog(blocks, seconds, "o-", label="measured")
    growth.loglog(blocks, [seconds[-1] * count / blocks[-1] for count in blocks], "--", label="linear")
    growth.set_xlabel("blocks S * T")
    growth.set_ylabel("seconds")
    growth.legend()
    taken = result["decode"]["ms_per_word_by_position"]
    words.plot(range(1, len(taken) + 1), taken, "o-", markersize=3)
    words.set_ylim(bottom=0)
    words.set_xlabel("position of the target word")
    words.set_ylabel("ms a word, beam 20")
    for axes in (growth, words):
        axes.grid(True, which="both", alpha=0.3)
    with atomic_path(path) as temporary:
        # no software version in the file: the same figures give the same bytes
        figure.savefig(temporary, dpi=120, metadata={"Software": None})
