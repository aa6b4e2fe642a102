"""True alignments of the phrasebook, and the error rate, on cases worked out by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from data_prep.errors import DataError
from data_prep.phrasebook.alignment import Unit, aligned_units
from data_prep.phrasebook.generate import Derivation, generate_derivations, generate_pairs
from eval.__main__ import main
from eval.alignment_error import (
    Gold,
    compare_aligners,
    eflomal_links,
    error_rate,
    gold_links,
    phrasebook_gold,
    token_positions,
)
from eval.sentence_pairs import SentencePair


@pytest.fixture(scope="module")
def derivations() -> list[Derivation]:
    return [derivation for _, derivation in generate_derivations(3000, 2)]


def test_derivations_belong_to_the_pairs(derivations: list[Derivation]) -> None:
    pairs = generate_pairs(3000, 2)
    assert [derivation.texts for derivation in derivations] == [(pair.english, pair.chinese) for pair in pairs]


def test_every_character_is_in_at_most_one_unit(derivations: list[Derivation]) -> None:
    several = 0
    for derivation in derivations:
        units = aligned_units(derivation)
        for text, side in ((derivation.texts[0], "english"), (derivation.texts[1], "chinese")):
            positions = [at for unit in units for at in getattr(unit, side)]
            assert len(positions) == len(set(positions)) and set(positions) <= set(range(len(text)))
        several += sum(unit.entry for unit in units) > 2
    assert several > len(derivations) / 2, "most sentences have slots beside their final full stop"


def test_entries_of_the_lexicon_are_units(derivations: list[Derivation]) -> None:
    """A slot that stands in both templates in its plain form is a unit with exactly the texts of its entry."""
    checked = 0
    for derivation in derivations:
        found = {
            tuple("".join(text[at] for at in sorted(part)) for text, part in zip(derivation.texts, parts, strict=True))
            for unit in aligned_units(derivation)
            for parts in [(unit.english, unit.chinese)]
        }
        templates = (derivation.english, derivation.chinese)
        for name, entry in derivation.binding.items():
            forms = [
                [part.form for part in side if not isinstance(part, str) and part.name == name] for side in templates
            ]
            if forms == [[""], [""]] and type(entry).__name__ == "Entry" and "*" not in entry.chinese:
                english = {entry.english, entry.english[:1].upper() + entry.english[1:]}
                assert {(text, entry.chinese) for text in english} & found, derivation.texts
                checked += 1
    assert checked > 1000


def test_what_belongs_to_the_subject_is_in_the_unit_of_the_verb(derivations: list[Derivation]) -> None:
    """ "pack his luggage" as a whole translates 收拾行李, also where a time comes after it."""
    owned = {"复习功课": "lessons", "收拾行李": "luggage", "写作文": "composition", "吃药": "medicine"}
    seen = 0
    for derivation in derivations:
        for unit in aligned_units(derivation):
            chinese = "".join(derivation.texts[1][at] for at in sorted(unit.chinese))
            english = "".join(derivation.texts[0][at] for at in sorted(unit.english))
            if chinese in owned:
                assert re.fullmatch(rf"\w+ (my|your|his|her|our|their) {owned[chinese]}", english), derivation.texts
                seen += 1
    assert seen


def test_an_article_before_a_vowel_moves_what_follows(derivations: list[Derivation]) -> None:
    seen = 0
    for derivation in derivations:
        english = derivation.texts[0]
        article = english.lower().find("an ")
        for unit in aligned_units(derivation):
            at = min(unit.english)
            if unit.entry and 0 <= article < at and english[at] not in ".?!":
                assert english[at].isalnum() and not english[at - 1].isalnum(), "a unit starts with a word"
                seen += 1
    assert seen > 50


def test_positions_of_tokens() -> None:
    assert token_positions(["我", "喝", "AB"], "我 喝ＡＢ") == [{0}, {2}, {3, 4}]
    assert token_positions(["▁do", "n't", "!"], "Don't!") == [{0, 1}, {2, 3, 4}, {5}]
    with pytest.raises(DataError, match="does not consist of the tokens 'a c'"):
        token_positions(["a", "c"], "a b")
    with pytest.raises(DataError, match="has more than the tokens 'a'"):
        token_positions(["a"], "a b")


def test_gold_worked_by_hand() -> None:
    # "a red shirt ." 一 件 红 衬衫 。 with units red-红, shirt-衬衫, .-。 and "a" with 一件 left of the rule
    english = token_positions(["a", "red", "shirt", "."], "A red shirt.")
    chinese = token_positions(["一", "件", "红", "衬衫", "。"], "一件红衬衫。")
    unit = lambda e, c, entry: Unit(frozenset(e), frozenset(c), entry)  # noqa: E731
    units = [unit({2, 3, 4}, {2}, True), unit({6, 7, 8, 9, 10}, {3, 4}, True), unit({11}, {5}, True)]
    units.append(unit({0, 1, 5}, {0, 1}, False))
    gold = gold_links(units, chinese, english)
    assert gold.sure == {(2, 1), (3, 2), (4, 3)}
    assert gold.possible == gold.sure | {(0, 0), (1, 0)}
    # an entry of several words on both sides: nothing says which word is which
    several = gold_links([unit({2, 3, 4, 6}, {2, 3}, True)], chinese, english)
    assert several.sure == frozenset() and several.possible == {(2, 1), (2, 2), (3, 1), (3, 2)}


def test_error_rate_worked_by_hand() -> None:
    gold = [Gold(frozenset({(0, 0), (1, 1)}), frozenset({(0, 0), (1, 1), (2, 1)})), Gold(frozenset(), frozenset())]
    perfect = error_rate([{(0, 0), (1, 1)}, set()], gold)
    assert (perfect.precision, perfect.recall, perfect.error_rate, perfect.links) == (1, 1, 0, 2)
    # links 0-0 (sure), 2-1 (possible), 1-0 and 0-0 of the second pair (wrong)
    rate = error_rate([{(0, 0), (2, 1), (1, 0)}, {(0, 0)}], gold)
    assert (rate.precision, rate.recall, rate.links) == (2 / 4, 1 / 2, 4)
    assert rate.error_rate == pytest.approx(1 - (1 + 2) / (4 + 2))
    nothing = error_rate([set(), set()], gold)
    assert (nothing.precision, nothing.recall, nothing.error_rate) == (0, 0, 1)


PAIRS = 400


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared phrasebook."""
    from data_prep.options import Options
    from data_prep.phrasebook import write_phrasebook
    from data_prep.prepare import prepare

    folder = tmp_path_factory.mktemp("phrasebook")
    write_phrasebook(folder / "phrasebook.tsv", PAIRS, 3)
    options = Options(dest=folder / "data", tsv=[folder / "phrasebook.tsv"], test_permille=100, valid_permille=50)
    prepare(options)
    return folder / "data"


class Perfect:
    """Stands for a model: its alignments are those of the dictionary of the data, as far as it knows them."""

    def __init__(self, gold: list[Gold]) -> None:
        self.gold = gold

    def reports_weights(self, source: str, target: str) -> bool:
        return False

    def align(self, source: str, target: str, method: str, number: int) -> SimpleNamespace:
        assert method == "gradient"
        return SimpleNamespace(links=lambda: set(self.gold[number - 1].sure))


def test_aligners_on_the_phrasebook(data: Path) -> None:
    gold = phrasebook_gold(data, "test", PAIRS, 3)
    assert len(gold) > 20 and all(true.sure and true.sure <= true.possible for true in gold)
    found = compare_aligners(Perfect(gold), data, "test", gold, with_eflomal=False)  # type: ignore[arg-type]
    assert set(found) == {"gradient", "diagonal"}, "the model reports no weights"
    assert found["gradient"].error_rate == 0 < found["diagonal"].error_rate < 1


def test_eflomal_is_better_than_the_diagonal(data: Path) -> None:
    pytest.importorskip("eflomal")
    gold = phrasebook_gold(data, "test", PAIRS, 3)
    found = compare_aligners(Perfect(gold), data, "test", gold, with_eflomal=True)  # type: ignore[arg-type]
    assert found["eflomal"].error_rate < 0.7 * found["diagonal"].error_rate
    assert len(eflomal_links(data, [SentencePair("。", ".")])) == 1


def test_wrong_phrasebook(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match="is not among the 400 pairs of the phrasebook with seed 4; give --pairs"):
        phrasebook_gold(data, "test", PAIRS, 4)
    assert main(["aer", str(tmp_path / "x.pt"), "--data", str(data), "--pairs", "0"]) == 2
    assert capsys.readouterr().err.startswith("error: --pairs 0: must be at least 1")
    assert main(["aer", str(tmp_path / "x.pt"), "--data", str(data), "--pairs", str(PAIRS), "--seed", "3"]) == 2
    assert "x.pt: no such checkpoint" in capsys.readouterr().err


def test_command_line(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    gold = phrasebook_gold(data, "test", PAIRS, 3)
    checkpoint = data.parent / "model.pt"
    checkpoint.write_bytes(b"a model")
    monkeypatch.setattr("eval.commands.aer.load_aligner", lambda *_: Perfect(gold))
    monkeypatch.setattr("eval.commands.aer.find_spec", lambda name: None)
    result = data.parent / "aer.json"
    arguments = ["aer", str(checkpoint), "--data", str(data), "--pairs", str(PAIRS), "--seed", "3"]
    assert main([*arguments, "--json", str(result)]) == 0
    printed = capsys.readouterr()
    assert "note: eflomal is not installed" in printed.err
    assert "gradient 0.000 1.000 1.000" in " ".join(printed.out.split())
    document = json.loads(result.read_text())
    assert document["aligners"]["gradient"]["error_rate"] == 0 and document["sentences"] == len(gold)
    assert document["sure_links"] == sum(len(true.sure) for true in gold)
    assert document["command"][:4] == ["python", "-m", "eval", "aer"] and document["command"][-1].endswith("aer.json")
    assert {"commit", "started", "wall_seconds", "hardware"} <= set(document)
