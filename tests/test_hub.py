"""Trained models as Python objects: translations, n-best lists, samples, scores, ensembles."""

from __future__ import annotations

import json
import math
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from fairseq.dataclass.configs import GenerationConfig
from fairseq.tasks.translation import TranslationConfig

from data_prep.errors import DataError
from data_prep.files import sha256_of
from data_prep.manifest import copy_text_files
from reencoder.hub import Reencoder
from reencoder.hub.options import GENERATOR_NAMES
from reencoder.search_settings import SearchSettings
from tests.hub_helpers import LONG, POSITIONS, SENTENCES, TOO_LONG
from tests.programs import error_of_printed


def test_one_sentence_or_a_list(hub_model: Reencoder) -> None:
    texts = hub_model.translate(SENTENCES)
    assert [bool(text) for text in texts] == [bool(sentence.strip()) for sentence in SENTENCES]
    assert hub_model.translate(SENTENCES[0]) == texts[0]
    assert texts[0][0].isupper() and " ." not in texts[0]
    assert hub_model.translate([]) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"beem": 5},
            r"beem: the search has no such option; did you mean beam\? Its options are beam, lenpen, ",
        ),
        ({"verbose": True}, "verbose: the search has no such option"),
        ({"beam": "five"}, "beam five: must be a whole number"),
        ({"temperature": "hot"}, "temperature 'hot': expected float"),
        ({"max_len_a": math.inf}, r"max_len_a inf: must be between -1e\+06 and 1e\+06"),
        ({"no_repeat_ngram_size": -3}, r"no_repeat_ngram_size -3: must be between 0 and 1e\+06"),
        ({"sampling": True, "sampling_topp": 1.5}, "sampling_topp 1.5: must be between -1 and 1"),
        ({"temperature": 0}, r"temperature 0: must be between 1e-06 and 1e\+06"),
        ({"lenpen": 1e300}, r"--lenpen 1e\+300: must be between -10 and 10"),
        ({"sampling": True, "sampling_topk": 10**5}, r"sampling_topk 100000: must not exceed .* dictionary, \d+"),
        ({"sampling_topk": 5}, "--sampling-topk requires --sampling"),
        ({"beam": 4, "diverse_beam_groups": 3}, "DiverseBeamSearch requires --beam to be divisible"),
    ],
)
def test_wrong_options_of_the_search_are_refused(
    hub_folder: Path, hub_model: Reencoder, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        hub_model.translate("你好！", **options)
    if not {"sampling_topk", "diverse_beam_groups"} & options.keys():
        with pytest.raises(DataError, match=message):
            Reencoder.from_pretrained(hub_folder / "trained", **options)


def test_groups_of_the_beam_do_not_depend_on_the_batches(hub_folder: Path, hub_model: Reencoder) -> None:
    texts = [f"我需要{count}些牙膏。" for count in ("", "一", "两三", "好多好多", "这么多那么多")]
    search: dict[str, Any] = {"beam": 4, "diverse_beam_groups": 2, "diverse_beam_strength": 2.0}
    shown: set[int] = set()
    small = Reencoder.from_pretrained(hub_folder / "trained", device="cpu", batch_size=2)
    found = small.candidates(texts, 4, on_step=lambda index, text: shown.add(index), **search)
    at_once = hub_model.candidates(texts, 4, **search)
    assert [[best.text for best in each] for each in found] == [[best.text for best in each] for each in at_once]
    assert found != small.candidates(texts, 4, beam=4) and shown == set(range(5))


def test_every_option_of_the_generator_is_fairseqs() -> None:
    assert {*GENERATOR_NAMES} < {field.name for field in fields(GenerationConfig)}


def test_what_is_no_text_is_named(hub_model: Reencoder) -> None:
    bad: Any = ["你好！", None]
    with pytest.raises(TypeError, match="sentence 2: expected a string, got NoneType"):
        hub_model.translate(bad)
    nothing: Any = None
    with pytest.raises(TypeError, match="expected sentences in a list, got NoneType"):
        hub_model.translate(nothing)
    paths: Any = ["a.pt", "b.pt"]
    with pytest.raises(TypeError, match="checkpoints: expected paths, one argument for each, got list"):
        Reencoder.from_pretrained(paths)


def test_a_translation_is_shown_as_it_grows(hub_model: Reencoder) -> None:
    """With a beam of one hypothesis every text shown is a beginning of the result, word after word."""
    shown: dict[int, list[str]] = {}
    texts = [SENTENCES[0], "", SENTENCES[4], LONG]
    found = hub_model.candidates(texts, beam=1, on_step=lambda index, text: shown.setdefault(index, []).append(text))
    assert sorted(shown) == [0, 2, 3]
    for index, steps in shown.items():
        assert steps[-1].rstrip(".") in found[index][0].text
    assert len(shown[0]) == len(found[0][0].tokens.split())
    watched = hub_model.candidates(texts, on_step=lambda index, text: None)
    assert watched == hub_model.candidates(texts), "watching changes nothing"


def test_the_server_shows_an_alignment(hub_model: Reencoder) -> None:
    pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
    from eval.serve import Asked, answer_of

    def ask(text: str, alignment: bool = True) -> dict[str, Any]:
        return answer_of(hub_model, Asked(text=text, alignment=alignment), hub_model.candidates([text])[0])

    found = ask("<b>汤姆</b>")["alignment"]
    assert found["source"] == [*hub_model.pipeline.encode_source("<b>汤姆</b>").split(), "</s>"]
    assert [len(row) for row in found["weights"]] == [len(found["source"])] * len(found["target"])
    assert all(sum(row) == pytest.approx(1, abs=error_of_printed(len(row))) for row in found["weights"])
    assert found["svg"].startswith("<svg") and "<b>" not in found["svg"]
    for text in ("", LONG):
        assert ask(text)["alignment"] is None
    assert "alignment" not in ask("你好", alignment=False)


def test_a_long_text_is_split_or_refused(hub_model: Reencoder) -> None:
    [[split]], [[one]] = hub_model.candidates([LONG]), hub_model.candidates([SENTENCES[0]])
    assert split.text == " ".join([one.text] * 12)
    assert split.score == pytest.approx(one.score, abs=1e-4)
    with pytest.raises(DataError, match=rf"sentence 2: \d+ tokens, but the model reads at most {POSITIONS - 1}; end"):
        hub_model.translate(["你好！", TOO_LONG])


def test_sentences_are_translated_one_by_one_unless_they_should_not(
    hub_model: Reencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = hub_model.translate(["你好！", "我要牙膏。"])
    assert hub_model.translate("你好！我要牙膏。") == f"{first} {second}"
    monkeypatch.setattr(hub_model, "split_sentences", False)
    with patch.object(hub_model.pipeline, "encode_source", wraps=hub_model.pipeline.encode_source) as encode:
        hub_model.translate("你好！我要牙膏。")
    encode.assert_called_once_with("你好！我要牙膏。")
    # too long, and without an end of a sentence
    [[split]] = hub_model.candidates(["；".join([SENTENCES[0].rstrip("。")] * 12)])
    assert split.text


def test_a_score_is_the_sum_over_the_words(hub_model: Reencoder) -> None:
    """What the model itself says of each word, given those before it, and of the end."""
    reencoder, sources, targets = hub_model.parts
    words = targets.encode_line(
        hub_model.pipeline.encode_target("I need some toothpaste."), add_if_not_exist=False
    ).long()
    source = sources.encode_line(hub_model.pipeline.encode_source(SENTENCES[0]), add_if_not_exist=False).long()
    given = torch.cat([words[-1:], words[:-1]])  # fairseq puts the end of the sentence in front
    with torch.no_grad():
        output = reencoder(source[None], torch.tensor([len(source)]), given[None])
        chances = reencoder.get_normalized_probs(output, log_probs=True)[0]
    total = chances.gather(1, words[:, None]).sum().item() / math.log(2)
    assert len(words) == 6
    assert hub_model.score(SENTENCES[0], "I need some toothpaste.") == pytest.approx(total, rel=1e-6)
    with pytest.raises(DataError, match="pair 1: the source is blank"):
        hub_model.score(" ", "Hello.")


def test_scores_of_many_pairs_are_those_of_each(hub_model: Reencoder) -> None:
    sources = [SENTENCES[0], " ", SENTENCES[4], "你好！", TOO_LONG]
    targets = ["I need some toothpaste.", "Hello.", "", "Hello! How are you?", "Yes."]
    _, _, dictionary = hub_model.parts
    refused: dict[int, str] = {}
    found = hub_model.token_scores(
        sources, targets, on_refused=lambda index, error: refused.update({index: str(error)})
    )
    assert refused.keys() == {1, 4} and refused[1] == "the source is blank"
    for index, scores in enumerate(found):
        assert (scores is None) == (index in refused)
        if scores is not None:
            words = hub_model.pipeline.encode_target(targets[index]).split()
            assert scores.tokens == tuple(word if word in dictionary else "<unk>" for word in words)
            assert len(scores.scores) == len(scores.tokens) + 1
            assert scores.total == pytest.approx(hub_model.score(sources[index], targets[index]), abs=1e-4)
    assert hub_model.score(sources[3:4], targets[3:4]) == [pytest.approx(hub_model.score(sources[3], targets[3]))]
    with pytest.raises(DataError, match="pair 2: the source is blank"):
        hub_model.score(sources, targets)
    with pytest.raises(DataError, match="expected as many targets as sources, got 4 for 5"):
        hub_model.score(sources, targets[1:])


def test_a_long_source_may_have_a_long_translation(hub_model: Reencoder) -> None:
    """fairseq's default ends every translation after 200 tokens."""
    task, models = hub_model._ensemble.task, hub_model._ensemble.models

    def limits(**search: Any) -> tuple[float, int]:
        generator = task.build_generator(models, hub_model.options.override(search).to_fairseq())
        return generator.max_len_a, generator.max_len_b

    assert limits() == (2, 200)
    assert limits(max_len_b=30) == (0, 30), "what a user says holds"
    assert limits(max_len_a=0, max_len_b=200) == (0, 200), "fairseq's defaults, too"
    [[short]] = hub_model.candidates([SENTENCES[0]], max_len_b=3, min_len_ratio=0)
    assert len(short.tokens.split()) <= 3


def test_a_string_is_not_taken_for_a_list_of_characters(hub_model: Reencoder) -> None:
    with pytest.raises(TypeError, match="expected sentences in a list, got str"):
        hub_model.candidates("刘女士")
    sentences: Any = ["刘女士"]
    with pytest.raises(TypeError, match="expected two lists of strings, got a string"):
        hub_model.token_scores("你好", "Hello")
    with pytest.raises(TypeError, match="pair 2: expected strings, got NoneType"):
        hub_model.score(["我", None], ["x", "y"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="expected two strings or two lists of them, got one of each"):
        hub_model.score("刘女士", sentences)


def test_threads_do_not_disturb_each_other(hub_model: Reencoder) -> None:
    def sample(seed: int) -> list[str]:
        return hub_model.sample(SENTENCES[0], 3, temperature=2.0, seed=seed)

    def shortest(ratio: float) -> list[str]:
        return hub_model.translate([SENTENCES[0], SENTENCES[4]], min_len_ratio=ratio)

    calls = [partial(sample, 1), partial(shortest, 0.0), partial(sample, 2), partial(shortest, 2.0)] * 4
    alone = [call() for call in calls[:4]] * 4
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            together = [future.result() for future in [pool.submit(call) for call in calls]]
    finally:
        sys.setswitchinterval(interval)
    assert together == alone


def test_samples_depend_on_the_seed_alone(hub_model: Reencoder) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = hub_model.sample(SENTENCES[0], 4, seed=1)
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(6)
    assert hub_model.sample(SENTENCES[0], 4, seed=1) == first
    assert hub_model.sample(SENTENCES[0], 4, seed=2) != first
    likeliest = hub_model.sample(SENTENCES[0], 2, topk=1)
    assert likeliest[0] == likeliest[1]


def test_samples_are_drawn_from_the_unedited_distribution(hub_model: Reencoder) -> None:
    """Whatever was tuned for the search."""
    tuned: list[dict[str, Any]] = [{}, {"unkpen": 1000}, {"unkpen": -1000}, {"min_len_ratio": 2.0}]
    drawn = []
    for settings in tuned:
        with patch.object(hub_model, "options", hub_model.options.override(settings)):
            drawn.append(hub_model.sample(SENTENCES[0], 40, temperature=2.0))
    assert drawn == [drawn[0]] * len(tuned)


def test_samples_need_only_the_device_of_the_model(hub_model: Reencoder, monkeypatch: pytest.MonkeyPatch) -> None:
    before = hub_model.sample(SENTENCES[0])
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with patch("torch.cuda.manual_seed_all") as seed_all, patch("torch.cuda.get_rng_state") as get_state:
        assert hub_model.sample(SENTENCES[0]) == before
    seed_all.assert_not_called()
    get_state.assert_not_called()


def test_samples_are_as_many_as_asked_for_and_in_no_order(hub_model: Reencoder) -> None:
    words = len(hub_model.parts[2])
    short: dict[str, Any] = {"max_len_a": 0.0, "max_len_b": 3}
    with patch.object(hub_model, "options", hub_model.options.override(short)):
        assert len(hub_model.sample(SENTENCES[0], words + 10, temperature=2.0)) == words + 10
        texts = hub_model.sample(SENTENCES[0], 60, temperature=2.0)
    scores = hub_model.score([SENTENCES[0]] * 60, texts)
    assert scores != sorted(scores) and scores != sorted(scores, reverse=True)
    assert abs(sum(scores[:30]) - sum(scores[30:])) < 0.2 * abs(sum(scores)), "both halves are alike"
    assert hub_model.sample(" ", 3) == ["", "", ""]
    assert len(set(hub_model.sample(LONG, 3, temperature=2.0))) == 3, "in parts, too"


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", True])
def test_counts_out_of_range_are_named(value: Any, hub_folder: Path, hub_model: Reencoder) -> None:
    reason = f"expected a whole number of at least 1, got {value!r}"
    with pytest.raises(DataError, match=f"n: {reason}"):
        hub_model.candidates(SENTENCES, value)
    with pytest.raises(DataError, match=f"n: {reason}"):
        hub_model.sample(SENTENCES[0], value)
    for name in ("threads", "batch_size", "max_blocks"):
        with pytest.raises(DataError, match=f"{name}: {reason}"):
            Reencoder.from_pretrained(hub_folder / "trained", **{name: value})


def test_a_file_that_is_no_checkpoint_is_not_said_to_be_loadable_unsafely(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text("{}")
    with pytest.raises(DataError, match="cannot be read as a checkpoint") as error:
        Reencoder.from_pretrained(path, device="cpu")
    assert "weights_only" not in str(error.value)


def test_foreign_objects_are_not_said_to_be_loadable_unsafely(hub_folder: Path, tmp_path: Path) -> None:
    state = torch.load(hub_folder / "trained" / "checkpoint_last.pt", weights_only=True)
    torch.save({**state, "foreign": Patience()}, tmp_path / "checkpoint_last.pt")
    with pytest.raises(DataError, match="it contains more than torch loads safely") as error:
        Reencoder.from_pretrained(tmp_path, data=hub_folder / "data", device="cpu")
    assert "still be loaded" not in str(error.value)


def test_a_model_of_fairseqs_own_task_translates_as_one_of_ours(
    hub_folder: Path, hub_model: Reencoder, tmp_path: Path
) -> None:
    """Its translations are not cut after 200 tokens, and it knows the options of our search."""
    state = torch.load(hub_folder / "trained" / "checkpoint_last.pt", weights_only=True)
    own = TranslationConfig(source_lang="zh", target_lang="en", data=state["cfg"]["task"]["data"])
    state["cfg"]["task"] = {**vars(own), "_name": "translation"}
    torch.save(state, tmp_path / "checkpoint_last.pt")
    model = Reencoder.from_pretrained(tmp_path, data=hub_folder / "data", device="cpu", beam=5, max_blocks=10**6)
    assert model.translate(SENTENCES) == hub_model.translate(SENTENCES)
    [[long]] = model.candidates([SENTENCES[0]], beam=1, min_len_ratio=60.0, max_len_a=70)
    assert len(long.tokens.split()) > 200


class Patience:
    """What torch does not load."""


def test_an_ensemble_of_one_model_with_itself_is_that_model(hub_folder: Path, hub_model: Reencoder) -> None:
    paths = hub_folder / "trained", hub_folder / "trained" / "checkpoint_last.pt"
    twice = Reencoder.from_pretrained(*paths, device="cpu", beam=5)
    assert twice.translate(SENTENCES) == hub_model.translate(SENTENCES)


def test_tuned_settings_beside_the_checkpoint_are_used(hub_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(hub_folder / "trained", tmp_path / "tuned")
    checkpoint = tmp_path / "tuned" / "checkpoint_last.pt"
    settings = {"beam": 2, "lenpen": 0.5, "unkpen": 3.0, "min_len_ratio": 2.0}
    record = {"settings": settings, "checkpoints": [{"sha256": sha256_of(checkpoint)}]}
    (tmp_path / "tuned" / "search.json").write_text(json.dumps(record))
    tuned = Reencoder.from_pretrained(checkpoint, device="cpu", lenpen=0.7)
    assert tuned.options.settings == SearchSettings(2, 0.7, 3.0, 2.0)
    assert Reencoder.from_pretrained(checkpoint, device="cpu", tuned=False).options.settings == SearchSettings()
    source = tuned.pipeline.encode_source(SENTENCES[0]).split()
    [[translation]], [[short]] = tuned.candidates([SENTENCES[0]]), tuned.candidates([SENTENCES[0]], min_len_ratio=0)
    assert len(translation.tokens.split()) >= 2 * len(source) > len(short.tokens.split())
    assert tuned._ensemble.task.cfg.min_len_ratio == 0.5, "the options of a search are not the task's"


def test_what_does_not_belong_together_is_refused(hub_folder: Path, tmp_path: Path) -> None:
    checkpoint = hub_folder / "trained" / "checkpoint_last.pt"
    with pytest.raises(DataError, match="was trained on data prepared otherwise"):
        Reencoder.from_pretrained(checkpoint, data=hub_folder / "other")
    # The manifest is found through the data of the training where none was copied.
    (tmp_path / "alone").mkdir()
    alone = shutil.copy(checkpoint, tmp_path / "alone" / "checkpoint_last.pt")
    assert Reencoder.from_pretrained(alone).pipeline.manifest == hub_folder / "data" / "manifest.json"
    assert Reencoder.from_pretrained(alone, data=hub_folder / "data" / "bin").pipeline.languages == ("zh", "en")
    state = torch.load(checkpoint, weights_only=True)
    state["cfg"]["task"]["data"] = str(tmp_path / "moved" / "bin")
    torch.save(state, alone)
    with pytest.raises(DataError, match=r"no manifest\.json in .* or .*moved\. If `data_prep prepare` made"):
        Reencoder.from_pretrained(alone)
    copy_text_files(hub_folder / "data", tmp_path / "alone")
    assert Reencoder.from_pretrained(alone).pipeline.manifest == tmp_path / "alone" / "manifest.json"
    state = torch.load(checkpoint, weights_only=True)
    (tmp_path / "alone" / "manifest.json").unlink()
    del state["task_state"]["text"], state["model"]["version_records.data._extra_state"]
    torch.save(state, alone)
    with pytest.raises(DataError, match="does not record how its training data were prepared"):
        Reencoder.from_pretrained(alone)
    assert Reencoder.from_pretrained(alone, data=hub_folder / "data").translate("你好！")
    assert state["task_state"].pop("direction") == "zh to en"
    state["cfg"]["task"]["source_lang"], state["cfg"]["task"]["target_lang"] = "en", "zh"
    torch.save(state, alone)
    with pytest.raises(DataError, match="translates en to zh; expected zh to en"):
        Reencoder.from_pretrained(alone, data=hub_folder / "data")
    state["task_state"]["direction"] = "en to zh"
    state["cfg"]["task"]["source_lang"] = state["cfg"]["task"]["target_lang"] = None
    torch.save(state, alone)
    with pytest.raises(DataError, match="translates en to zh; expected zh to en"):
        Reencoder.from_pretrained(alone, data=hub_folder / "data")
    state["cfg"]["task"] = {"_name": "reencoder_mnist"}
    torch.save(state, alone)
    with pytest.raises(DataError, match="was trained on reencoder_mnist; expected a translation model"):
        Reencoder.from_pretrained(alone, data=hub_folder / "data")
    Path(alone).write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(DataError, match="cannot be read as a checkpoint"):
        Reencoder.from_pretrained(alone)
    with pytest.raises(DataError, match="contains neither checkpoint_best"):
        Reencoder.from_pretrained(tmp_path)
