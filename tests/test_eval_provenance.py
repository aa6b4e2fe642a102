"""Where a result comes from, and files that are whole or not there."""

import json
import platform
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from data_prep.errors import DataError
from data_prep.files import new_file, read_lines, sha256_of, write_json, write_lines
from eval.provenance import ROOT, Commit, Stopwatch, commit, provenance, versions


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
    assert commit(repository) == Commit(head, dirty=False)  # a result is no change of code
    (repository / "a.py").write_text("2\n")
    assert commit(repository) == Commit(head, dirty=True)
    git(repository, "checkout", "--quiet", "--", "a.py")
    (repository / "package").mkdir()
    (repository / "package" / "new.py").write_text("1\n")
    assert commit(repository) == Commit(head, dirty=True)


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
