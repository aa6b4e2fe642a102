"""What torch's safe loading accepts and refuses once the plugin is imported."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

import reencoder  # noqa: F401  # allows what checkpoints hold


@pytest.mark.parametrize("package", ["numpy.core", "numpy._core"])
def test_arrays_of_either_numpy_are_read(package: str, tmp_path: Path) -> None:
    """Checkpoints with the meters of --eval-bleu; numpy 2 renamed the module that rebuilds arrays."""
    path, other = tmp_path / "own.pt", tmp_path / "other.pt"
    torch.save({"counts": np.arange(4), "score": np.float64(2.5)}, path)
    own = b"numpy._core" if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else b"numpy.core"
    with zipfile.ZipFile(path) as read, zipfile.ZipFile(other, "w") as written:
        for name in read.namelist():
            content = read.read(name)
            written.writestr(name, content.replace(own, package.encode()) if name.endswith("data.pkl") else content)
    found = torch.load(other, weights_only=True)
    assert found["counts"].tolist() == [0, 1, 2, 3] and found["score"] == 2.5


def test_other_classes_are_refused(tmp_path: Path) -> None:
    torch.save({"path": tmp_path}, tmp_path / "x.pt")
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        torch.load(tmp_path / "x.pt", weights_only=True)
