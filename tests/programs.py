"""Running the real command-line programs in tests."""

from __future__ import annotations

from tests.forked_programs import ROOT, Outcome, run_forked

USER_DIR = ROOT / "reencoder"


def fairseq(program: str, *arguments: object, stdin: str = "") -> Outcome:
    """Run `fairseq-PROGRAM` with the plugin; the outcome is the caller's to judge."""
    words = ["python", "-m", f"fairseq_cli.{program}", *map(str, arguments)]
    if program != "preprocess":
        words += ["--user-dir", str(USER_DIR)]
    return run_forked(words, ROOT, stdin)


def succeed(program: str, *arguments: object, stdin: str = "") -> str:
    """Run `fairseq-PROGRAM`, demand success, return its standard output."""
    done = fairseq(program, *arguments, stdin=stdin)
    assert done.status == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def hypotheses(output: str) -> dict[int, list[tuple[float, list[str]]]]:
    """Score and words of every hypothesis in an output of fairseq-generate or -interactive, by sentence."""
    found: dict[int, list[tuple[float, list[str]]]] = {}
    for line in output.splitlines():
        if line.startswith("H-"):
            name, score, text = line.split("\t")
            found.setdefault(int(name[2:]), []).append((float(score), text.split()))
    return found
