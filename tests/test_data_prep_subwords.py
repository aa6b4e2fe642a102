"""Subwords of both languages, from training to the text that comes back."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep import phrase_part, prepare
from data_prep.__main__ import main
from data_prep.errors import DataError
from data_prep.files import sha256_of
from data_prep.manifest import detokenizer_from_manifest, write_manifest
from data_prep.options import Options
from data_prep.segment import segment_stream
from data_prep.subwords import train_sentencepiece, vocabulary
from reencoder.text.pieces import join_pieces
from reencoder.text.segmentation import ChineseSegmenter, EnglishTokenizer, detokenize_english

WHO = {"汤姆": "Tom", "玛丽": "Mary", "约翰": "John", "老师们": "The teachers"}
WHAT = {"喜欢看电影": "like watching films", "不喝咖啡": "don't drink coffee", "想要休息": "want to rest"}
WHEN = {"今天": "today", "星期天早上": "on Sunday mornings", "每天": "every day"}
PAIRS = [
    (f"{chinese_who}{chinese_when}{chinese_what}。", f"{who} {what} {when}.")
    for chinese_who, who in WHO.items()
    for chinese_what, what in WHAT.items()
    for chinese_when, when in WHEN.items()
]
BOTH = ["--segmentation", "jieba-sentencepiece", "--target-segmentation", "sentencepiece"]
SIZES = ["--sentencepiece-vocab-size", "38", "--sentencepiece-target-vocab-size", "45"]
SAMPLES = ["--subword-samples", "3"]
SPLIT = ["--test-permille", "200", "--valid-permille", "200"]


def write_tsv(path: Path, pairs: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f"{english}\t{chinese}\n" for chinese, english in pairs), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tsv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tsv(tmp_path_factory.mktemp("input") / "pairs.tsv", PAIRS)


@pytest.fixture(scope="module", params=["unigram", "bpe"])
def prepared(request: pytest.FixtureRequest, tsv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data with subwords of both languages, and phrase pairs. Every word is linked with the first of the other side."""
    dest = tmp_path_factory.mktemp(request.param) / "data"
    flags = [*BOTH, *SIZES, *SPLIT, "--sentencepiece-type", request.param, "--phrase-pairs", "50"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "check_aligner", lambda option: None)
        patch.setattr(phrase_part, "align_words", lambda source, target, seed: [{(0, 0)} for _ in source])
        assert main(["prepare", "--tsv", str(tsv), "--dest", str(dest), *flags]) == 0
    return dest


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> EnglishTokenizer:
    model = tmp_path_factory.mktemp("model") / "en.model"
    tokenize = EnglishTokenizer()
    train_sentencepiece([word for _, english in PAIRS for word in tokenize.words(english)], 90, model, "en", "bpe")
    return EnglishTokenizer(model=model)


def manifest_of(directory: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    return loaded


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def types(directory: Path, language: str) -> list[str]:
    return [line.rsplit(" ", 1)[0] for line in lines(directory / "bin" / f"dict.{language}.txt")]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ("▁don ▁'t ▁un believ able ▁.", "don 't unbelievable ."),
        ("▁ tom ▁ ▁ran", "tom  ran"),
        ("un <unk> able ▁<unk> ▁sea <unk>", "unable <unk> sea"),
        ("<unk>", ""),
        ("", ""),
    ],
)
def test_joined_pieces(pieces: str, text: str) -> None:
    """Only the symbol for unknown pieces is left out: a piece that happens to look like it was in the text."""
    assert join_pieces(pieces) == text


@settings(max_examples=100)
@given(text=st.text(alphabet="abcdeimorstwy'.,-!3 中é", max_size=40))
def test_joining_undoes_the_splitting_of_english_words(english: EnglishTokenizer, text: str) -> None:
    words = english.words(text)
    assert join_pieces(english(text)) == " ".join(words)
    assert english.encode(words) == english(text)
    # What a phrase is split into is what its words are split into in a sentence.
    assert english(text).split() == [piece for word in words for piece in english.encode([word]).split()]


def test_a_clitic_may_be_one_piece(english: EnglishTokenizer) -> None:
    assert english("I don't.").split()[-2:] == ["▁'t", "▁."]


def test_a_unigram_model_has_frequent_words_as_pieces(tmp_path: Path) -> None:
    """SentencePiece alone has no candidate for a word that no other begins with; see `train_sentencepiece`."""
    words = ["worried"] * 30 + ["worries"] * 20 + ["tired"] * 30 + ["'re"] * 30
    for name in ("one", "two"):
        train_sentencepiece(words, 17, tmp_path / name, "en", "unigram", words=True)
    assert {"▁worried", "▁worries", "▁tired", "▁'re"} <= set(vocabulary(tmp_path / "one"))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    train_sentencepiece(words, 14, tmp_path / "three", "en", "unigram")
    assert "▁tired" not in vocabulary(tmp_path / "three")


@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
def test_no_piece_is_part_of_two_words(model_type: str, tmp_path: Path) -> None:
    segment = ChineseSegmenter("jieba")
    words = [segment.words(chinese) for chinese, _ in PAIRS]
    train_sentencepiece((word for line in words for word in line), 38, tmp_path / "model", "zh", model_type, words=True)
    known = "\t".join(word for line in words for word in line)
    assert all(piece in known for piece in vocabulary(tmp_path / "model"))
    assert any(len(piece) > 1 for piece in vocabulary(tmp_path / "model"))
    # In a model of sentences there are such pieces.
    train_sentencepiece(("".join(line) for line in words), 38, tmp_path / "other", "zh", model_type)
    assert not all(piece in known for piece in vocabulary(tmp_path / "other"))


def test_chinese_pieces_of_words(tmp_path: Path) -> None:
    words = ChineseSegmenter("jieba")
    train_sentencepiece(
        (word for chinese, _ in PAIRS for word in words.words(chinese)), 38, tmp_path / "model", words=True
    )
    segment = ChineseSegmenter("jieba-sentencepiece", tmp_path / "model")
    for chinese, _ in [*PAIRS, ("有Tom的電影", "")]:
        found = segment(chinese)
        assert found == segment.encode(segment.words(chinese))
        assert found.replace(" ", "") == words(chinese).replace(" ", "")
        # The boundaries of words are boundaries of pieces.
        assert boundaries(words(chinese)) <= boundaries(found)


def boundaries(line: str) -> set[int]:
    """The numbers of characters after which a token ends."""
    tokens = line.split()
    return {sum(map(len, tokens[: end + 1])) for end in range(len(tokens))}


def test_phrases_are_split_like_the_sentence_they_fill(tmp_path: Path) -> None:
    train_sentencepiece((chinese for chinese, _ in PAIRS), 38, tmp_path / "model")
    for name, model in (("char", None), ("jieba", None), ("sentencepiece", tmp_path / "model")):
        segment = ChineseSegmenter(name, model)
        for chinese, _ in PAIRS:
            assert segment.encode(segment.words(chinese)) == segment(chinese)
            assert segment.words(chinese) == ChineseSegmenter("jieba")(chinese).split()


def test_dictionaries_have_every_piece_and_the_target_no_unknown(prepared: Path) -> None:
    manifest = manifest_of(prepared)
    for language in ("zh", "en"):
        pieces = vocabulary(prepared / f"sentencepiece.{language}.model")
        assert sorted(set(types(prepared, language)) - {"<phrase>"}) == sorted(pieces)
        tokens = " ".join(lines(prepared / "text" / f"train.{language}")).split()
        counts = dict(line.rsplit(" ", 1) for line in lines(prepared / "bin" / f"dict.{language}.txt"))
        assert {piece: int(counts[piece]) for piece in pieces} == {piece: tokens.count(piece) for piece in pieces}
        found = [int(counts[piece]) for piece in types(prepared, language) if piece != "<phrase>"]
        assert found == sorted(found, reverse=True)
    assert all(counts["en"]["unknown"] == 0 for counts in manifest["counts"].values())


def test_sampled_pieces_are_in_the_dictionary(prepared: Path) -> None:
    """As BPE-dropout and unigram sampling in training need it."""
    for language in ("zh", "en"):
        processor = sentencepiece.SentencePieceProcessor(model_file=str(prepared / f"sentencepiece.{language}.model"))
        sampled = set()
        for line in lines(prepared / "text" / f"train.{language}"):
            text = join_pieces(line)
            for _ in range(20):
                pieces = processor.encode(text, out_type=str, enable_sampling=True, alpha=0.3, nbest_size=-1)
                assert join_pieces(" ".join(pieces)) == text
                sampled |= set(pieces)
        assert sampled <= set(types(prepared, language))
        assert sampled > set(" ".join(lines(prepared / "text" / f"train.{language}")).split())


def test_the_manifest_records_the_models(prepared: Path) -> None:
    manifest = manifest_of(prepared)
    model_type = manifest["options"]["sentencepiece_type"]
    assert model_type == prepared.parent.name.rstrip("0123456789")
    for language, size in (("zh", 38), ("en", 45)):
        recorded = manifest["sentencepiece"][language]
        assert recorded["path"] == f"sentencepiece.{language}.model"
        assert recorded["sha256"] == sha256_of(prepared / recorded["path"]) == manifest["files"][recorded["path"]]
        assert (recorded["model_type"], recorded["vocab_size"]) == (model_type, size)
        processor = sentencepiece.SentencePieceProcessor(model_file=str(prepared / recorded["path"]))
        assert processor.get_piece_size() == size
    assert manifest["options"]["segmentation"] == "jieba-sentencepiece"
    assert manifest["options"]["target_segmentation"] == "sentencepiece"


def test_target_pieces_become_text_again(prepared: Path) -> None:
    detokenize = detokenizer_from_manifest(prepared / "manifest.json")
    for part in ("valid", "test"):
        text = [detokenize(line) for line in lines(prepared / "text" / f"{part}.en")]
        assert text == [line.lower() for line in lines(prepared / "raw" / f"{part}.en.0")]
    assert detokenize("▁i <unk> ▁don ▁'t .") == "i don't."


def test_the_segment_command_segments_as_for_training(prepared: Path) -> None:
    sink = io.BytesIO()
    with (prepared / "raw" / "test.zh").open("rb") as source:
        segment_stream(source, sink, prepared / "manifest.json", "char", None)
    assert sink.getvalue() == (prepared / "text" / "test.zh").read_bytes()


def test_phrase_pairs_are_words_split_into_pieces(prepared: Path) -> None:
    """The alignment allows only phrases that begin with the first words."""
    segment, tokenize = ChineseSegmenter("jieba"), EnglishTokenizer()
    sources, targets = (lines(prepared / "text" / f"train1.{language}") for language in ("zh", "en"))
    chinese = {tuple(segment.words(chinese)[:length]) for chinese, _ in PAIRS for length in range(1, 5)}
    english = {tuple(tokenize.words(english)[:length]) for _, english in PAIRS for length in range(1, 7)}
    assert {source.replace(" ", "") for source in sources} <= {f"<phrase>{''.join(words)}" for words in chinese}
    assert {join_pieces(target) for target in targets} <= {" ".join(words) for words in english}
    assert 0 < len(sources) == manifest_of(prepared)["phrases"]["pairs"] <= 50
    assert all(set(source.split()) <= set(types(prepared, "zh")) for source in sources)


def test_words_come_back_by_the_manifest_too(tsv: Path, tmp_path: Path) -> None:
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), *SPLIT]) == 0
    manifest = manifest_of(tmp_path / "data")
    assert "sentencepiece" not in manifest
    assert not any(option.startswith("sentencepiece") for option in manifest["options"])
    line = 'mr. tom said , " i don \'t " .'
    assert detokenizer_from_manifest(tmp_path / "data" / "manifest.json")(line) == detokenize_english(line)
    # A manifest of the time before there was a choice.
    del manifest["options"]["target_segmentation"]
    write_manifest(tmp_path, manifest)
    assert detokenizer_from_manifest(tmp_path / "manifest.json")(line) == detokenize_english(line)
    write_manifest(tmp_path, {"options": {"segmentation": "jieba", "target_segmentation": "letters"}})
    with pytest.raises(DataError, match="unknown target_segmentation 'letters'; prepare the data again"):
        detokenizer_from_manifest(tmp_path / "manifest.json")


def test_models_are_trained_on_training_sentences_only(tsv: Path, tmp_path: Path) -> None:
    models = []
    for name, held_out in (("one", ("猫吃鱼。", "Cats eat fish.")), ("two", ("狗喝水。", "Dogs quaff water."))):
        given_split = []
        for part in ("valid", "test"):
            path = write_tsv(tmp_path / f"{name}.{part}.tsv", [held_out])
            given_split += [f"--{part}-tsv", str(path)]
        dest = tmp_path / name
        assert main(["prepare", "--tsv", str(tsv), "--dest", str(dest), *BOTH, *SIZES, *given_split]) == 0
        models.append(manifest_of(dest)["sentencepiece"])
        assert manifest_of(dest)["counts"]["test"]["zh"]["unknown"] > 0
    assert models[0] == models[1]


@pytest.mark.parametrize("size", ["9000", "1000000000000"])
@pytest.mark.parametrize("option", ["--sentencepiece-vocab-size", "--sentencepiece-target-vocab-size"])
def test_a_vocabulary_too_large_for_the_text_is_refused(
    option: str, size: str, tsv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), *BOTH, *SIZES, option, size]
    assert main(arguments) == 2
    assert f"error: {option} {size}: sentencepiece refused: " in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sentencepiece_type": "word"}, "--sentencepiece-type word: choose one of unigram, bpe"),
        ({"target_segmentation": "bpe"}, "--target-segmentation bpe: choose one of words, sentencepiece"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Options(dest=Path("data"), tsv=[Path("pairs.tsv")], **options)


@pytest.fixture(scope="module")
def sampled(tsv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data with three copies of the training set in sampled subwords."""
    dest = tmp_path_factory.mktemp("sampled") / "data"
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(dest), *BOTH, *SIZES, *SPLIT, *SAMPLES]) == 0
    return dest


def test_sampled_copies_are_the_training_set_in_other_pieces(sampled: Path) -> None:
    manifest = manifest_of(sampled)
    copies = manifest["sampled"]
    assert (copies["part"], copies["pairs"]) == ("train1", 3 * manifest["counts"]["train"]["lines"])
    assert copies["zh"]["unknown"] == copies["en"]["unknown"] == 0
    for language, join in (("zh", lambda line: line.replace(" ", "")), ("en", join_pieces)):
        best, drawn = (lines(sampled / "text" / f"{part}.{language}") for part in ("train", "train1"))
        assert [join(line) for line in drawn] == 3 * [join(line) for line in best]
        assert any(one != other for one, other in zip(drawn, 3 * best, strict=True))
        third = len(best)
        assert drawn[:third] != drawn[third : 2 * third]


def test_sampled_copies_depend_only_on_the_seed(sampled: Path, tsv: Path, tmp_path: Path) -> None:
    for seed, equal in (("1", True), ("2", False)):
        dest = tmp_path / seed
        flags = [*BOTH, *SIZES, *SPLIT, *SAMPLES, "--subword-seed", seed]
        assert main(["prepare", "--tsv", str(tsv), "--dest", str(dest), *flags]) == 0
        for name in ("bin/train1.zh-en.zh.bin", "bin/train1.zh-en.en.bin"):
            assert ((dest / name).read_bytes() == (sampled / name).read_bytes()) is equal
        assert (dest / "bin/train.zh-en.en.bin").read_bytes() == (sampled / "bin/train.zh-en.en.bin").read_bytes()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--subword-samples", "2"],
            "--subword-samples: nothing to sample; choose sentencepiece for at least one side",
        ),
        ([*BOTH, "--subword-samples", "1", "--subword-sampling", "0"], "--subword-sampling 0.0: must be above 0 and"),
    ],
)
def test_options_of_sampling_are_checked(
    flags: list[str], message: str, tsv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), *flags]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
