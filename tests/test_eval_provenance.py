"""Where a result comes from, and files that are whole or not there."""

import json
import platform
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import eval.provenance
from data_prep.errors import DataError
from data_prep.files import new_file, read_lines, sha256_of, write_json, write_lines
from eval.program import environment
from eval.provenance import (
    ROOT,
    Commit,
    Stopwatch,
    combined_commit,
    commit,
    commit_at_end,
    describe_processor,
    mark_dirty,
    provenance,
    recorded_command,
    versions,
)


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(root), *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # inside a git hook these point at the repository that is being committed to
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet")
    return root


def test_commit_and_whether_code_changed(repository: Path) -> None:
    assert commit(repository) is None  # no commit yet
    (repository / "a.py").write_text("1\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "first")
    head = git(repository, "rev-parse", "HEAD")
    assert commit(repository) == Commit(head, dirty=False)
    (repository / "scores.test.json").write_text("{}\n")
    assert commit(repository) == Commit(head, dirty=False)  # a result is not code
    (repository / "a.py").write_text("2\n")
    assert commit(repository) == Commit(head, dirty=True)
    git(repository, "checkout", "--quiet", "--", "a.py")
    (repository / "package").mkdir()
    (repository / "package" / "new.py").write_text("1\n")
    assert commit(repository) == Commit(head, dirty=True)


@pytest.fixture
def committed(repository: Path) -> Path:
    """A repository with one commit of code and one of a document."""
    (repository / "a.py").write_text("1\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "code")
    return repository


def test_code_that_changes_during_the_work_is_dirty(committed: Path) -> None:
    start = commit(committed)
    assert start is not None and commit_at_end(start, committed) == start
    (committed / "notes.md").write_text("1\n")
    git(committed, "add", ".")
    git(committed, "commit", "--quiet", "--message", "document")
    assert commit_at_end(start, committed) == start, "the code is the same"
    (committed / "a.py").write_text("2\n")
    assert commit_at_end(start, committed) == Commit(start.revision, dirty=True)
    git(committed, "commit", "--quiet", "--all", "--message", "other code")
    assert commit(committed) != start and commit_at_end(start, committed) == Commit(start.revision, dirty=True)
    git(committed, "checkout", "--quiet", start.revision)
    dirty = Commit(start.revision, dirty=True)
    assert commit_at_end(dirty, committed) == dirty, "clean at the end, but not at the start"
    shutil.rmtree(committed / ".git")
    assert commit_at_end(start, committed) == dirty
    assert commit_at_end(None, committed) is None


def test_provenance_looks_at_the_checkout_again(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eval.provenance.commit, "__defaults__", (committed,))
    monkeypatch.setattr(eval.provenance.commit_at_end, "__defaults__", (committed,))
    stopwatch = Stopwatch()
    assert provenance([], stopwatch)["commit"]["dirty"] is False
    (committed / "new.py").write_text("1\n")
    assert provenance([], stopwatch)["commit"]["dirty"] is True
    late = Stopwatch()
    (committed / "new.py").unlink()
    assert provenance([], late)["commit"]["dirty"] is True


CLEAN, DIRTY = {"revision": "a" * 40, "dirty": False}, {"revision": "b" * 40, "dirty": True}


def test_a_whole_is_as_dirty_as_its_parts() -> None:
    assert combined_commit(CLEAN, []) == combined_commit(CLEAN, [{"revision": "c", "dirty": False}]) == CLEAN
    assert combined_commit(CLEAN, [CLEAN, DIRTY]) == combined_commit(CLEAN, [None]) == {**CLEAN, "dirty": True}
    assert combined_commit(DIRTY, [CLEAN]) == DIRTY
    assert combined_commit(None, [CLEAN]) is None


def test_files_of_a_run_say_the_same(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("clean", "dirty", "none")]
    for path, at in zip(paths, (CLEAN, DIRTY, None), strict=True):
        write_json(path, {"commit": at, "scores": [1]})
    mark_dirty(paths)
    assert [json.loads(path.read_text()) for path in paths] == [
        {"commit": at, "scores": [1]} for at in ({**CLEAN, "dirty": True}, DIRTY, None)
    ]


def test_programs_run_the_code_that_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in another folder, and with a copy of the code in front."""
    (tmp_path / "copy" / "reencoder").mkdir(parents=True)
    (tmp_path / "copy" / "reencoder" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "copy"))
    code = [sys.executable, "-c", "import reencoder; print(reencoder.__file__)"]
    done = subprocess.run(code, capture_output=True, text=True, cwd=tmp_path, env=environment(), check=True)
    assert Path(done.stdout.strip()).parent == ROOT / "reencoder"


def test_commit_outside_of_a_repository(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert commit(tmp_path / "plain") is None
    # a folder within somebody else's repository
    (repository / "site-packages").mkdir()
    assert commit(repository / "site-packages") is None


def test_commit_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert commit(repository) is None


def test_versions() -> None:
    found = versions()
    assert found["python"] == platform.python_version()
    assert found["torch"] is not None and found["ve-fairseq"] is not None


def test_provenance_is_json() -> None:
    import torch

    stopwatch = Stopwatch()
    record = json.loads(json.dumps(provenance(["python", "-m", "x"], stopwatch)))
    assert record.keys() == {"commit", "command", "started", "wall_seconds", "versions", "hardware"}
    assert record["command"] == ["python", "-m", "x"]
    assert 0 <= record["wall_seconds"] < 60
    assert record["hardware"]["threads"] == torch.get_num_threads()
    assert record["hardware"]["cpu"] and record["hardware"]["cores"] >= 1
    expected = commit()
    assert record["commit"] == (None if expected is None else {"revision": expected.revision, "dirty": expected.dirty})


def test_the_generation_of_a_processor_is_named(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    first = "processor\t: 0\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n"
    cpuinfo.write_text(first + "\n" + first.replace("26", "25"))
    found = eval.provenance._processor(cpuinfo)
    assert found == {"cpu": "AMD EPYC", "cpu_generation": "family 26 model 2"}
    assert describe_processor(found) == "AMD EPYC, family 26 model 2"
    assert describe_processor({"cpu": "AMD EPYC"}) == "AMD EPYC"  # an earlier record
    cpuinfo.write_text("processor\t: 0\nBogoMIPS\t: 243.75\nCPU part\t: 0xd40\n")  # as on Arm
    unknown = {"cpu": platform.processor() or platform.machine(), "cpu_generation": None}
    assert eval.provenance._processor(cpuinfo) == eval.provenance._processor(tmp_path / "none") == unknown


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("{here}/runs", "runs"),
        ("{here}/runs/", "runs"),
        ("{here}/./runs/../data", "data"),
        ("--work={here}/runs", "--work=runs"),
        ("ours={here}/a/hypotheses.test.txt", "ours=a/hypotheses.test.txt"),
        ("{here}/a.pt:{here}/b.pt", "a.pt:b.pt"),
        ("a.pt:{here}/b.pt", "a.pt:b.pt"),
        ("/home/alice/cmn-eng.tsv", "cmn-eng.tsv"),
        ("--tsv=/home/alice/cmn-eng.tsv", "--tsv=cmn-eng.tsv"),
        ("runs/a", "runs/a"),
        ("--lr=0.5", "--lr=0.5"),
        ("http://localhost:8000/x", "http://localhost:8000/x"),
    ],
)
def test_recorded_commands_name_no_home(
    argument: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert recorded_command("eval", [argument.format(here=tmp_path)]) == ["python", "-m", "eval", expected]


def test_help_does_not_load_heavy_libraries() -> None:
    code = (
        "import runpy, sys\n"
        "sys.argv = ['eval', '--help']\n"
        "try: runpy.run_module('eval', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = ('torch', 'fairseq', 'matplotlib', 'numpy', 'sacrebleu', 'sacremoses', 'jieba', 'opencc')\n"
        "sys.exit(str([m for m in (*heavy, 'data_prep.text', 'data_prep.prepare') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert "score" in done.stdout and "generate" in done.stdout and "curve" in done.stdout
    assert done.stderr == "[]\n"


def test_write_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_lines(path, ["old"])
    with pytest.raises(RuntimeError), new_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_written_file_has_the_usual_mode(tmp_path: Path) -> None:
    write_lines(tmp_path / "atomic", ["a"])
    (tmp_path / "usual").write_text("a\n")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("atomic", "usual")}
    assert len(modes) == 1


def test_json_refuses_what_is_not_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "x.json", {"ppl": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_write_into_a_file_as_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_lines(tmp_path / "file" / "x", ["a"])


def test_read_lines(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbfa\r\n\nb\x0cc")
    assert read_lines(path) == ["a", "", "b\x0cc"]
    path.write_bytes(b"")
    assert read_lines(path) == []


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    # the example of FIPS 180-2
    assert sha256_of(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(DataError, match="cannot be read"):
        sha256_of(tmp_path / "y")
