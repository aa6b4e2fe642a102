"""Normalisation, segmentation and tokenisation of sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.errors import DataError
from data_prep.pairs import read_tsv
from data_prep.split import assign_parts, examples_by_part
from data_prep.subwords import train_sentencepiece
from data_prep.text import normalise_chinese, normalise_english
from reencoder.text.segmentation import ChineseSegmenter, EnglishTokenizer, _jieba, detokenize_english

SENTENCES = [
    f"{who}{when}{what}。" for who in ("我们", "他们") for when in ("星期天", "早上") for what in ("看电影", "喝咖啡")
]
SEGMENTERS = {name: ChineseSegmenter(name) for name in ("char", "jieba")}


def test_keys_have_letters_and_digits_only_and_only_english_is_lower_cased() -> None:
    assert normalise_chinese(" 我有１２_台ＰＣ，對吧？ ") == "我有12台PC對吧"
    assert normalise_english("It’s ＯＫ_, isn't it? ①") == "itsokisntit1"
    assert normalise_chinese("……") == normalise_english("?! _") == ""


@pytest.mark.parametrize(
    ("segmentation", "expected"),
    [
        ("jieba", "我 在 北京大学 读书 , 认识 Tom 。"),
        ("char", "我 在 北 京 大 学 读 书 , 认 识 Tom 。"),
    ],
)
def test_chinese_is_simplified_nfkc_and_segmented(segmentation: str, expected: str) -> None:
    assert SEGMENTERS[segmentation]("我在北京大學讀書，認識Ｔｏｍ。") == expected


def test_numbers_and_latin_words_are_not_cut_into_characters() -> None:
    assert SEGMENTERS["char"]("他有12台5G手機，叫Émile。") == "他 有 12 台 5G 手 机 , 叫 Émile 。"


def test_jieba_finds_words_that_its_dictionary_lacks() -> None:
    assert "杭研" in SEGMENTERS["jieba"]("他来到了网易杭研大厦").split()  # only the hidden Markov model does


def test_jieba_loads_its_dictionary_when_the_segmenter_is_made() -> None:
    _jieba.cache_clear()
    ChineseSegmenter("jieba")
    assert _jieba.cache_info().currsize == 1 and _jieba().initialized


@settings(max_examples=60)
@given(st.text())
def test_segmentation_loses_no_character_and_leaves_single_spaces(text: str) -> None:
    characters = "".join(SEGMENTERS["char"](text).split())
    for segment in SEGMENTERS.values():
        line = segment(text)
        assert line == " ".join(line.split())
        assert "".join(line.split()) == characters


def test_sentencepiece_segments_without_loss_and_the_same_lines_give_the_same_model(tmp_path: Path) -> None:
    models = [tmp_path / name for name in ("one.model", "two.model")]
    for model in models:
        train_sentencepiece(SENTENCES * 20, 22, model)
    assert models[0].read_bytes() == models[1].read_bytes()
    segment = ChineseSegmenter("sentencepiece", models[0])
    for sentence in SENTENCES:
        assert "".join(segment(sentence).split()) == "".join(SEGMENTERS["char"](sentence).split())
    assert 1 < len(segment(SENTENCES[0]).split()) < len(SENTENCES[0])


def test_a_sentencepiece_vocabulary_too_large_for_the_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--sentencepiece-vocab-size 5000: sentencepiece refused"):
        train_sentencepiece(SENTENCES, 5000, tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_arguments_of_the_segmenter_are_checked(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no model")
    with pytest.raises(
        DataError, match="unknown segmentation 'words'; choose one of jieba, char, sentencepiece, jieba-sentencepiece"
    ):
        ChineseSegmenter("words")
    with pytest.raises(DataError, match="needs a trained model"):
        ChineseSegmenter("sentencepiece")
    with pytest.raises(DataError, match="no such file"):
        ChineseSegmenter("sentencepiece", tmp_path / "missing")
    with pytest.raises(DataError, match="not a sentencepiece model"):
        ChineseSegmenter("sentencepiece", tmp_path / "text")


def test_english_is_tokenised_without_entities() -> None:
    line = 'Mr. Smith doesn\'t like "R&D" [much], ＯＫ?'
    assert EnglishTokenizer()(line) == 'mr. smith doesn \'t like " r & d " [ much ] , ok ?'
    assert EnglishTokenizer(keep_case=True)(line) == 'Mr. Smith doesn \'t like " R & D " [ much ] , OK ?'
    assert EnglishTokenizer()("  ") == ""


def test_detokenising_undoes_tokenising() -> None:
    line = 'Mr. Smith said, "I don\'t know (yet)."'
    assert detokenize_english(EnglishTokenizer(keep_case=True)(line)) == line


@pytest.mark.shared
def test_tokenising_and_detokenising_preserves_the_tatoeba_references(shared_data: Path) -> None:
    pairs = read_tsv(shared_data / "tatoeba-zh-en" / "cmn-eng.tsv").pairs
    test = examples_by_part(pairs, assign_parts(pairs))["test"]
    references = [pair.english for example in test for pair in example.pairs]
    tokenize = EnglishTokenizer()
    restored = [detokenize_english(tokenize(line)) for line in references]
    assert sacrebleu.corpus_bleu(restored, [references], lowercase=True).score > 99.9
