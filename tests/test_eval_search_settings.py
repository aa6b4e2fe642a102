"""Where the settings of a search come from: options, tuned settings, defaults."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.errors import DataError
from eval.search_settings import SEARCH_NAMES, SearchSettings, choose_search, search_file, tuned_settings
from reencoder.search_settings import read_search_file

VALUES: dict[str, Any] = {
    "beam": st.integers(1, 99),
    "lenpen": st.floats(-3, 3),
    "unkpen": st.floats(0, 1000),
    "min_len_ratio": st.floats(0, 2),
}


def some(strategy: Any) -> Any:
    return st.fixed_dictionaries({name: st.none() | values for name, values in strategy.items()})


@given(some(VALUES), st.none() | some(VALUES))
def test_options_override_tuned_settings_which_override_defaults(options: dict[str, Any], tuned: Any) -> None:
    path = Path("search.json")
    found = choose_search(options, tuned, path)
    for name in SEARCH_NAMES:
        value = getattr(found.settings, name)
        if options[name] is not None:
            assert (value, found.origins[name]) == (options[name], "option")
        elif tuned is not None and tuned[name] is not None:
            assert (value, found.origins[name]) == (tuned[name], "search.json")
        else:
            assert (value, found.origins[name]) == (getattr(SearchSettings(), name), "default")
    assert found.file == (path if "search.json" in found.origins.values() else None)


def test_defaults() -> None:
    assert SearchSettings() == SearchSettings(beam=20, lenpen=1.0, unkpen=0.0, min_len_ratio=None)
    assert SearchSettings().arguments() == ["--beam", "20", "--lenpen", "1.0", "--unkpen", "0.0"]
    assert SearchSettings(min_len_ratio=0.0).arguments()[-2:] == ["--min-len-ratio", "0.0"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"beam": 0}, "--beam 0: must be at least 1"),
        ({"beam": 2.5}, "--beam 2.5: must be a whole number"),
        ({"beam": True}, "--beam True: must be a whole number"),
        ({"unkpen": False}, "--unkpen False: must be a finite number"),
        ({"lenpen": None}, "--lenpen None: must be a finite number"),
        ({"lenpen": float("nan")}, "--lenpen nan: must be a finite number"),
        ({"unkpen": float("inf")}, "--unkpen inf: must be a finite number"),
        ({"lenpen": 1e300}, r"--lenpen 1e\+300: must be between -10 and 10"),
        ({"min_len_ratio": -0.5}, "--min-len-ratio -0.5: must not be negative"),
    ],
)
def test_wrong_values(values: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        SearchSettings(**values)


def test_numbers_of_numpy_become_pythons() -> None:
    settings = SearchSettings(beam=np.int64(4), lenpen=np.float32(0.5), min_len_ratio=1)  # type: ignore[arg-type]
    assert settings == SearchSettings(4, 0.5, 0.0, 1.0)
    assert json.dumps(asdict(settings)) == '{"beam": 4, "lenpen": 0.5, "unkpen": 0.0, "min_len_ratio": 1.0}'


def test_file_lies_beside_the_checkpoint(tmp_path: Path) -> None:
    path = search_file(tmp_path / "checkpoint_best.pt")
    assert path == tmp_path / "search.json"
    settings = {"beam": 7, "lenpen": 0.5, "unkpen": 2.0, "min_len_ratio": None}
    path.write_text(json.dumps({"settings": settings, "checkpoints": [{"sha256": "ab"}, {"sha256": "cd"}]}))
    assert read_search_file(path) == (settings, ["ab", "cd"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "not written by python -m eval tune"),
        ("{}", "not written by python -m eval tune"),
        ('{"settings": {"beam": 5}, "checkpoints": []}', "not written by python -m eval tune"),
        ('{"settings": {"width": 5}, "checkpoints": [{"sha256": "ab"}]}', "not written by python -m eval tune"),
        (
            '{"settings": {"beam": "5"}, "checkpoints": [{"sha256": "ab"}]}',
            "json: --beam 5: must be a whole number",
        ),
        ('{"settings": {"beam": 0}, "checkpoints": [{"sha256": "ab"}]}', "--beam 0: must be at least 1"),
    ],
)
def test_damaged_files(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "search.json").write_text(text)
    with pytest.raises(DataError, match=message):
        read_search_file(tmp_path / "search.json")


def test_settings_tuned_for_another_checkpoint_are_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    checkpoint = tmp_path / "checkpoint_best.pt"
    checkpoint.write_bytes(b"")
    assert tuned_settings([checkpoint]) == {}
    own = hashlib.sha256(b"").hexdigest()
    record = {"settings": {"beam": 7, "min_len_ratio": None}, "checkpoints": [{"sha256": own}]}
    search_file(checkpoint).write_text(json.dumps(record))
    assert tuned_settings([checkpoint]) == tuned_settings([checkpoint], [own]) == {"beam": 7}
    assert caplog.messages == []
    assert tuned_settings([checkpoint], ["ab"]) == {}
    assert "was tuned for another checkpoint" in caplog.messages[-1]
    assert tuned_settings([checkpoint, checkpoint]) == {}
    assert "was tuned for one model, not for 2: not used" in caplog.messages[-1]
    record["checkpoints"] = [{"sha256": own}, {"sha256": "cd"}]
    search_file(checkpoint).write_text(json.dumps(record))
    assert tuned_settings([checkpoint, checkpoint], [own, "cd"]) == {"beam": 7}
    assert tuned_settings([checkpoint]) == {}
    assert "was tuned for an ensemble of 2 models, not for 1: not used" in caplog.messages[-1]
