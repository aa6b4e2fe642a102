"""Word alignments of the training set, from `data_prep prepare` to the loss that teaches the attention."""

from __future__ import annotations

import copy
import math
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from fairseq.criterions.label_smoothed_cross_entropy_with_alignment import (
    LabelSmoothedCrossEntropyCriterionWithAlignment,
)
from fairseq.logging import metrics

from data_prep import binarise
from data_prep.__main__ import main
from reencoder.criterions.rdrop import RDrop, alignment_cross_entropy
from reencoder.tasks.reencoder_translation import ReencoderTranslationConfig, ReencoderTranslationTask
from tests.test_criterions_rdrop import SAMPLE, gradients
from tests.test_data_prep_phrase_part import FLAGS, LINKED, SPLIT, WordForWord, lines, manifest_of, prepare_with, tsv
from tests.test_models_reencoder import Task, build

__all__ = ["tsv"]  # a fixture

UPSAMPLED = 3


@pytest.fixture(scope="module")
def aligned(tsv: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, WordForWord]:
    """Prepared data and the aligner that has seen them."""
    dest = tmp_path_factory.mktemp("aligned") / "data"
    return dest, prepare_with(dest, tsv, [*FLAGS, "--word-alignments"])


@pytest.fixture(scope="module")
def prepared(aligned: tuple[Path, WordForWord]) -> Path:
    return aligned[0]


def task_of(data: Path, **options: Any) -> ReencoderTranslationTask:
    cfg = ReencoderTranslationConfig(
        data=str(data / "bin"), source_lang="zh", target_lang="en", load_alignments=True, train_subset="train"
    )
    cfg.dataset_impl, cfg.upsample_primary = None, UPSAMPLED
    cfg.required_seq_len_multiple, cfg.num_batch_buckets = 1, 0
    for name, value in options.items():
        setattr(cfg, name, value)
    task: ReencoderTranslationTask = ReencoderTranslationTask.setup_task(cfg)
    return task


def test_every_part_has_the_links_of_its_tokens(prepared: Path) -> None:
    """A tag has no link, but moves those of the words behind it."""
    links = {}
    for part in ("train", "train1"):
        found = [lines(prepared / "text" / f"{part}.{suffix}") for suffix in ("zh", "en", "align")]
        for chinese, english, line in zip(*found, strict=True):
            pairs = [tuple(map(int, link.split("-"))) for link in line.split()]
            source, target = chinese.split(), english.split()
            assert pairs == sorted(
                (i, j)
                for i, word in enumerate(source)
                for j, other in enumerate(target)
                if LINKED.get(word, word) == other
            )
        links[part] = sum(len(line.split()) for line in found[2])
    assert links["train1"] > 12
    assert manifest_of(prepared)["alignments"] == {"links": links}


def test_the_aligner_sees_no_tag(aligned: tuple[Path, WordForWord]) -> None:
    data, aligner = aligned
    (tag,) = {line.split()[0] for line in lines(data / "text" / "train1.zh")}
    assert aligner.source and not any(tag in line.split() for line in aligner.source)


def test_all_else_is_as_without_alignments(prepared: Path, tsv: Path, tmp_path: Path) -> None:
    prepare_with(tmp_path / "data", tsv, FLAGS)
    without, with_alignments = manifest_of(tmp_path / "data"), manifest_of(prepared)
    same = {name: digest for name, digest in with_alignments["files"].items() if ".align" not in name}
    assert same == without["files"]
    assert set(with_alignments["files"]) - set(same) == {
        *(f"text/{part}.align" for part in ("train", "train1")),
        *(f"bin/{part}.align.zh-en.{kind}" for part in ("train", "train1") for kind in ("bin", "idx")),
    }
    assert with_alignments["options"] == {**without["options"], "word_alignments": True}


def test_links_that_fairseq_preprocess_changes_are_noticed(
    tsv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    preprocess = binarise._preprocess

    def changing(directory: Path, destination: str, *arguments: Any) -> None:
        preprocess(directory, destination, *arguments)
        if destination == "aligned":
            file = directory / destination / "valid.align.zh-en.bin"
            content = bytearray(file.read_bytes())
            content[-4] += 1
            file.write_bytes(content)

    monkeypatch.setattr(binarise, "_preprocess", changing)
    monkeypatch.setattr("data_prep.prepare.check_aligner", lambda option: None)
    monkeypatch.setattr("data_prep.training_alignments.align_words", WordForWord())
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), *SPLIT, "--word-alignments"]) == 2
    assert capsys.readouterr().err.endswith("error: fairseq-preprocess changed the links of train.align\n")
    assert not list(tmp_path.iterdir())


def test_sentences_alone_can_be_aligned(tsv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare_with(tmp_path / "data", tsv, [*SPLIT, "--word-alignments", "--alignment-seed", "5"])
    manifest = manifest_of(tmp_path / "data")
    links = manifest["alignments"]["links"]["train"]
    assert f"\nlinks of aligned words: {links} in train\n" in capsys.readouterr().out
    assert (
        manifest["options"]["alignment_seed"] == 5 and not (tmp_path / "data" / "bin" / "train1.zh-en.zh.bin").exists()
    )


def test_without_eflomal_the_extra_is_named(
    tsv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("data_prep.word_alignment.find_spec", lambda name: None)
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), "--word-alignments"]) == 2
    assert capsys.readouterr().err.startswith("error: --word-alignments: needs the word aligner eflomal")


def test_a_batch_has_the_links_of_its_words_in_all_parts(prepared: Path) -> None:
    """Sources are padded on the left, so their links move; the pairs of `train` occur several times."""
    task = task_of(prepared)
    task.load_dataset("train", combine=True)
    data = task.datasets["train"]
    sentences = len(lines(prepared / "text" / "train.zh"))
    assert len(data) == UPSAMPLED * sentences + 12
    batch = data.collater(
        [data[n] for n in (0, 1, sentences, UPSAMPLED * sentences - 1, *range(len(data) - 12, len(data)))]
    )
    source, target = batch["net_input"]["src_tokens"], batch["target"].flatten()
    words, others = task.source_dictionary, task.target_dictionary
    rows = set()
    for position, row in batch["alignments"].tolist():
        word, other = words[source[row // batch["target"].size(1), position]], others[target[row]]
        assert LINKED.get(word, word) == other or word == other == "<unk>"
        rows.add(row)
    linked = sum(
        other in LINKED.values() or other == "<unk>" for n in range(len(target)) for other in [others[target[n]]]
    )
    assert len(rows) == linked > 30


def test_only_the_first_part_is_loaded_if_only_its_pairs_are(prepared: Path) -> None:
    task = task_of(prepared)
    task.load_dataset("train", combine=False)
    data = task.datasets["train"]
    assert len(data) == len(data.dataset.align_dataset) == len(lines(prepared / "text" / "train.zh"))


def test_held_out_sets_need_no_alignments(prepared: Path) -> None:
    task = task_of(prepared)
    task.load_dataset("valid")
    data = task.datasets["valid"]
    assert "alignments" not in data.collater([data[0], data[1]])


def test_missing_alignments_are_named(prepared: Path, tmp_path: Path) -> None:
    for file in (prepared / "bin").iterdir():
        if not file.name.startswith("train1.align"):
            (tmp_path / "bin").mkdir(exist_ok=True)
            (tmp_path / "bin" / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ValueError, match=r"train1\.align\.zh-en\.idx is missing or empty; .* --word-alignments"):
        task_of(tmp_path).load_dataset("train", combine=True)
    for kind in ("bin", "idx"):
        source = prepared / "bin" / f"train.align.zh-en.{kind}"
        (tmp_path / "bin" / f"train1.align.zh-en.{kind}").write_bytes(source.read_bytes())
    with pytest.raises(ValueError, match=r"has \d+ pairs, but alignments of \d+; prepare the data again"):
        task_of(tmp_path).load_dataset("train", combine=True)
    # a preparation that was cut off
    for suffix in ("idx", "bin"):
        name = f"train1.align.zh-en.{suffix}"
        (tmp_path / "bin" / name).write_bytes((prepared / "bin" / name).read_bytes() if suffix == "idx" else b"")
    with pytest.raises(ValueError, match=r"train1\.align\.zh-en\.bin is missing or empty; .* --word-alignments"):
        task_of(tmp_path).load_dataset("train", combine=True)


def test_the_other_direction_is_refused(prepared: Path) -> None:
    with pytest.raises(ValueError, match=r"has no train\.en-zh\.en\.idx; alignments are read only in the direction"):
        task_of(prepared, source_lang="en", target_lang="zh").load_dataset("train", combine=True)


@pytest.mark.parametrize(("readout", "learns"), [("end", False), ("max", False), ("attention", True)])
def test_a_model_without_weights_to_teach_is_refused(readout: str, learns: bool, prepared: Path) -> None:
    task = task_of(prepared)
    cfg = Namespace(_name="reencoder", arch="reencoder", hidden_size=8, readout=readout)
    if learns:
        assert task.build_model(cfg).learns_alignment
    else:
        with pytest.raises(ValueError, match="--load-alignments: this --readout has no weights to teach"):
            task.build_model(cfg)


# Links of sentence 0 (source padded by 2 on the left, 4 target words), of 1 and of 2, in a batch with 7 x 6 positions.
LINKS = torch.tensor([[2, 0], [3, 1], [4, 1], [4, 6], [5, 10], [0, 12]], dtype=torch.int32)
WEIGHTS = torch.tensor([1.0, 0.5, 0.5, 1.0, 1.0, 1.0])
LAMBDA, ALPHA = 0.3, 2.0


def aligned_sample() -> dict[str, Any]:
    return {**copy.deepcopy(SAMPLE), "alignments": LINKS, "align_weights": WEIGHTS}


def criterion(alpha: float, alignment_lambda: float = LAMBDA, load_alignments: bool = True) -> RDrop:
    task = Task()
    task.cfg = Namespace(load_alignments=load_alignments)  # type: ignore[attr-defined]
    return RDrop(task, False, 0.1, rdrop_alpha=alpha, alignment_lambda=alignment_lambda)


@pytest.mark.parametrize("alpha", [0.0, ALPHA])
def test_without_dropout_it_is_fairseqs_guided_alignment(alpha: float) -> None:
    ours = criterion(alpha)
    fairseqs = LabelSmoothedCrossEntropyCriterionWithAlignment(ours.task, False, 0.1, LAMBDA)
    model = build(dropout=0.0, readout="lexical-attention", readout_heads=2, embed_dim=6).train()
    loss, size, logged = ours(model, aligned_sample())
    expected, expected_size, expected_log = fairseqs(model, aligned_sample())
    # fairseq takes the softmax, and adds the losses, in single precision
    torch.testing.assert_close(loss, expected.double(), rtol=2e-6, atol=0)
    torch.testing.assert_close(gradients(model, loss), gradients(model, expected), rtol=1e-5, atol=2e-7)
    assert size == expected_size
    for name in ("nll_loss", "alignment_loss"):
        assert float(logged[name]) == pytest.approx(expected_log[name], rel=2e-6)
    assert float(logged["loss"]) == pytest.approx(float(loss), rel=1e-12)


def test_with_dropout_the_loss_of_the_links_is_the_mean_of_both_passes() -> None:
    model = build(dropout=0.4, readout="attention", readout_heads=2).train()
    torch.manual_seed(4)
    _, _, logged = criterion(ALPHA)(model, aligned_sample())
    torch.manual_seed(4)
    twice = {name: torch.cat([part, part]) for name, part in SAMPLE["net_input"].items()}
    attention = model(**twice)[1]["attn"][0].tolist()
    expected = 0.0
    for first in (0, 3):
        for (source, row), weight in zip(LINKS.tolist(), WEIGHTS.tolist(), strict=True):
            expected -= weight * math.log(attention[first + row // 6][row % 6][source]) / 2
    assert float(logged["alignment_loss"]) == pytest.approx(expected, rel=1e-12)


def test_a_batch_without_links_logs_the_same_and_can_be_used_again() -> None:
    model = build(dropout=0.0, readout="attention", readout_heads=2).train()
    judge, sample = criterion(ALPHA), copy.deepcopy(SAMPLE)
    loss, _, logged = judge(model, sample)
    assert logged["alignment_loss"] == 0
    assert logged.keys() == judge(model, aligned_sample())[2].keys()
    torch.testing.assert_close(judge(model, sample)[0], loss, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_a_weight_of_zero_costs_no_infinity(dtype: torch.dtype) -> None:
    attention = torch.zeros(1, 2, 3, dtype=dtype, requires_grad=True)
    sample = {"alignments": torch.tensor([[2, 1]]), "align_weights": torch.ones(1, dtype=dtype)}
    loss = alignment_cross_entropy(attention, sample, passes=1)
    loss.backward()
    assert loss == -math.log(torch.finfo(torch.float32).tiny) and attention.grad is not None
    assert attention.grad.isfinite().all()


def test_what_is_logged_is_per_token_and_in_bits() -> None:
    logs = [
        {"loss": torch.tensor(3.0), "nll_loss": torch.tensor(2.0), "ntokens": 4, "sample_size": 4} for _ in range(2)
    ]
    aligned = [{**log, "alignment_loss": torch.tensor(value)} for log, value in zip(logs, (1.0, 3.0), strict=True)]
    with metrics.aggregate(new_root=True) as found:
        RDrop.reduce_metrics(aligned)
    assert found["alignment_loss"].avg == pytest.approx(4 / 8 / math.log(2))
    with metrics.aggregate(new_root=True) as found:
        RDrop.reduce_metrics(logs)
    assert "alignment_loss" not in found


def test_wrong_options_are_named() -> None:
    with pytest.raises(ValueError, match="--alignment-lambda: expected 0 or more, got -1"):
        criterion(0.0, alignment_lambda=-1)
    for alignment_lambda, load_alignments in ((LAMBDA, False), (0.0, True)):
        with pytest.raises(ValueError, match="--criterion rdrop needs both of them, or neither"):
            criterion(0.0, alignment_lambda, load_alignments)
    assert criterion(1.0, alignment_lambda=0.0, load_alignments=False).alignment_lambda == 0
