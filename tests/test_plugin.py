"""What importing the plugin does, what training does to the process, and which checkpoints are read."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reencoder.models.checkpoint_version import CHECKPOINT_VERSION
from reencoder.models.sequence import GridLSTM2dConfig, GridLSTM2dModel
from reencoder.training_process import KEEP_MEMORY, flush_denormals, keep_freed_memory
from tests.programs import ROOT, USER_DIR


def run(code: str) -> str:
    """Run code in a Python of its own and return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


REGISTERED = """
from fairseq.criterions import CRITERION_REGISTRY
from fairseq.models import MODEL_REGISTRY
from fairseq.optim import OPTIMIZER_REGISTRY
from fairseq.tasks import TASK_REGISTRY
names = {*CRITERION_REGISTRY, *MODEL_REGISTRY, *OPTIMIZER_REGISTRY, *TASK_REGISTRY}
print(names >= {"reencoder", "grid_lstm_2d", "stacked_lstm", "grid_lstm_1d", "feed_forward", "reencoder_translation",
                "grid_parity", "grid_addition", "grid_memorization", "cross_entropy_with_accuracy", "muon"})
"""


@pytest.mark.parametrize(
    "imports",
    [
        "import reencoder",
        "import fairseq, reencoder",
        "import reencoder.grid",
        "import reencoder.models.sequence",
        "import reencoder.search",  # part of the plugin that fairseq's import triggers
        "import warnings; warnings.filterwarnings('error', '.*is not available'); import reencoder.tokenizer",
        "import reencoder, importlib.util; importlib.util.find_spec('fairseq')",  # looks for fairseq without importing
    ],
)
def test_everything_is_registered_whichever_comes_first(imports: str) -> None:
    assert run(f"{imports}\n{REGISTERED}").splitlines()[-1] == "True"


def test_the_hook_leaves_no_trace_on_fairseq() -> None:
    code = """
import importlib, importlib.util, sys, reencoder
before = importlib.util.find_spec("fairseq")
print(before.loader.is_package("fairseq"), before.loader.get_filename("fairseq").endswith("__init__.py"))
importlib.reload(reencoder)
print(sum("after_import" in type(finder).__module__ for finder in sys.meta_path))
import fairseq
print(type(fairseq.__spec__.loader).__module__, type(fairseq.__loader__).__module__)
print(sum("after_import" in type(finder).__module__ for finder in sys.meta_path))
"""
    lines = [line for line in run(code).splitlines() if line]
    assert lines[0] == "True True" and lines[1] in ("1", "2") and lines[-1] == "0"
    assert lines[-2].count("importlib") == 2


def test_a_fairseq_that_cannot_work_is_reported_and_nothing_else_suffers(tmp_path: Path) -> None:
    (tmp_path / "fairseq").mkdir()
    (tmp_path / "fairseq" / "__init__.py").write_text("__version__ = '0.1'\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    code += "import warnings, reencoder.grid\n"
    code += "with warnings.catch_warnings(record=True) as said:\n    import fairseq\n"
    code += "print(fairseq.__version__, any('too old for this plugin' in str(w.message) for w in said))"
    assert run(code) == "0.1 True"


def test_without_fairseq_the_command_that_installs_it_is_shown() -> None:
    code = "import sys; sys.modules['fairseq'] = None\n"
    code += "import reencoder.compat as c\ntry: c.require_fairseq()\nexcept c.FairseqMissingError as e: print(e)"
    assert "pip install 've-fairseq>=0.12.3'" in run(code)


def test_the_grid_needs_neither_fairseq_nor_settings_of_the_process() -> None:
    names = "('fairseq', 'reencoder.training_process')"
    code = f"import sys, reencoder.grid; print([name for name in {names} if name in sys.modules])"
    assert run(code) == "[]"


def test_the_plugin_does_not_import_the_compiler() -> None:
    """Which takes a second or two, whenever a program starts."""
    assert run("import sys, reencoder.plugin; print('torch._dynamo' in sys.modules)").splitlines()[-1] == "False"


@pytest.mark.parametrize("imports", ["import torch, reencoder", "import reencoder, torch"])
def test_torch_may_load_what_fairseq_saves(imports: str) -> None:
    code = f"{imports}\nprint('argparse.Namespace' in str(torch.serialization.get_safe_globals()))"
    assert run(code) == "True"


def test_the_package_tells_where_the_plugin_is() -> None:
    done = subprocess.run([sys.executable, "-m", "reencoder"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == USER_DIR and not done.stderr


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library has no mallopt")
def test_freed_memory_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEEP_MEMORY, raising=False)
    assert keep_freed_memory()


def test_numbers_that_make_a_processor_slow_are_flushed() -> None:
    tiny = torch.tensor([1e-40])
    assert (tiny * 0.5).item() > 0
    assert flush_denormals()
    assert (tiny * 0.5).item() == 0


def test_keeping_memory_can_be_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEEP_MEMORY, "0")
    assert not keep_freed_memory()


# Checkpoints


def model() -> GridLSTM2dModel:
    torch.manual_seed(1)
    return GridLSTM2dModel(GridLSTM2dConfig(hidden_size=4, layers=2), 5, 5)


def test_a_checkpoint_of_this_format_is_read() -> None:
    saved = model().state_dict()
    other = model()
    torch.nn.init.zeros_(other.readout.output.weight)
    other.load_state_dict(saved)
    assert torch.equal(other.readout.output.weight, saved["readout.output.weight"])


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (None, r"written before the first release \(0\.1\.0\).*train the model again"),
        (CHECKPOINT_VERSION + 1, rf"written with checkpoint format {CHECKPOINT_VERSION + 1}.*CHANGELOG\.md"),
    ],
)
def test_a_checkpoint_of_another_format_is_refused(version: int | None, message: str) -> None:
    saved = dict(model().state_dict())
    del saved["checkpoint_version._extra_state"]
    if version is not None:
        saved["checkpoint_version._extra_state"] = torch.tensor(version)
    with pytest.raises(ValueError, match=message):
        model().load_state_dict(saved)
