"""The Reencoder: a whole training step on real batches, and decoding."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from fairseq import criterions, options, tasks, utils
from fairseq.dataclass.utils import convert_namespace_to_omegaconf
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from .measure import Work, alternating, products

HIDDEN_SIZE = 256
"""d of the measured Reencoder."""

KINDS = {
    "matrix products": ("mm", "addmm", "bmm", "baddbmm", "_linear_pointwise", "_reorder_linear_weight", "linear"),
    "gates and states": ("sigmoid", "tanh", "mul", "addcmul", "sigmoid_backward", "tanh_backward", "where", "add"),
    "copies, gathers and fills": ("copy_", "cat", "index", "index_put_", "_index_put_impl_", "index_select", "fill_",
                                  "zero_", "clone", "embedding", "embedding_dense_backward", "flip", "gather"),
    "softmax, sums": ("_log_softmax", "_log_softmax_backward_data", "sum", "nll_loss"),
    "dropout": ("bernoulli_", "random_", "native_dropout"),
}  # fmt: skip
"""Operations of the profile by kind; in-place forms belong to the same kind."""


class Step:
    """A Reencoder of the given size with its optimizer, and batches of a data set.

    Args:
        data: folder of binarised data (`python -m data_prep prepare`).
        hidden_size: d.
        max_blocks: maximum number of blocks per batch, see `--max-blocks`.
        batches: number of batches to use, spread over all lengths.
    """

    def __init__(self, data: Path, hidden_size: int, max_blocks: int, batches: int) -> None:
        parser = options.get_training_parser()
        arguments = [str(data), "--task", "reencoder_translation", "--arch", "reencoder", "--optimizer", "adam"]
        arguments += ["--hidden-size", str(hidden_size), "--embed-dim", str(hidden_size), "--dropout", "0.2"]
        arguments += ["--criterion", "label_smoothed_cross_entropy", "--label-smoothing", "0.1", "--lr", "0.001"]
        # The paper's readout, whose products `products` counts, and with which earlier measurements compare.
        arguments += [
            "--readout",
            "end",
            "--max-blocks",
            str(max_blocks),
            "--batch-size",
            "512",
            "--seed",
            "1",
            "--clip-norm",
            "1.0",
        ]
        namespace: Namespace = options.parse_args_and_arch(parser, arguments)
        config = convert_namespace_to_omegaconf(namespace)
        utils.set_torch_seed(1)
        self.task = tasks.setup_task(config.task)
        self.task.load_dataset("train")
        self.model = self.task.build_model(config.model)
        self.criterion = criterions.build_criterion(config.criterion, self.task)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        iterator = self.task.get_batch_iterator(
            self.task.dataset("train"), max_sentences=512, max_positions=(1024, 1024), seed=1
        ).next_epoch_itr(shuffle=False)
        everything = list(iterator)
        self.batches = everything[:: max(1, len(everything) // batches)][:batches]
        self.words = sum(batch["ntokens"] for batch in self.batches)

    def products(self) -> Work:
        """Return the matrix products that these batches need: of real positions only, one large product per map."""
        encoder, decoder = self.model.encoder, self.model.decoder
        d, layers = decoder.grid.stack.options.hidden_size, decoder.layers
        pad = self.task.source_dictionary.pad()
        blocks = sources = targets = 0
        for batch in self.batches:
            source = batch["net_input"]["src_tokens"].ne(pad).sum(1)
            target = batch["net_input"]["prev_output_tokens"].ne(pad).sum(1)
            blocks += int((source * target).sum())
            sources, targets = sources + int(source.sum()), targets + int(target.sum())
        shapes = [(blocks, (2 if layer == 0 else 3) * d, 8 * d) for layer in range(layers)]
        shapes += [(blocks, 2 * d, d)] * (layers - 1)
        for words, positions in ((encoder.words, sources), (decoder.words, targets)):
            shapes += [(positions, p.in_features, p.out_features) for p in words.projections.values()]
        output = decoder.output.output
        shapes.append((targets, output.in_features, output.out_features))
        return products(shapes)

    def run(self) -> None:
        """Do one training step on each batch."""
        for batch in self.batches:
            self.learn(batch)
            self.update()

    def learn(self, batch: Any) -> None:
        """Do the forward and the backward pass of a batch."""
        self.model.train()
        self.optimizer.zero_grad()
        loss, _, _ = self.criterion(self.model, batch)
        loss.backward()

    def update(self) -> None:
        """Clip the gradients and update the parameters."""
        utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()

    def padding(self) -> float:
        """Return the fraction of the computed blocks that are padding."""
        pad = self.task.source_dictionary.pad()
        real = computed = 0
        for batch in self.batches:
            source, target = batch["net_input"]["src_tokens"].ne(pad), batch["net_input"]["prev_output_tokens"].ne(pad)
            real += int((source.sum(1) * target.sum(1)).sum())
            computed += len(source) * source.size(1) * target.size(1)
        return 1 - real / computed


def training_step(data: Path, quick: bool) -> dict[str, Any]:
    """Measure whole training steps of a Reencoder.

    Args:
        data: folder of binarised data.
        quick: use few batches and repetitions.

    Returns:
        `limit_ratio`: time of the unavoidable matrix products / time; `seconds`: both times; `train_step`: target words
        per second and fraction of padding; `profile`: fraction of the time by kind of operation.
    """
    step = Step(data, hidden_size=HIDDEN_SIZE, max_blocks=9000, batches=2 if quick else 6)
    limit, taken = alternating([step.products(), step.run], 1 if quick else 7)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for batch in step.batches:
            step.learn(batch)
    (updating,) = alternating([step.update], 5)
    return {
        "limit_ratio": {"train_step_d256": limit / taken},
        "seconds": {"train_step_d256 products": limit, "train_step_d256 engine": taken},
        "train_step": {"words_per_second": step.words / taken, "padding": step.padding()},
        "profile": _by_kind(profiler.key_averages(), 1e6 * updating * len(step.batches)),
    }


def _by_kind(events: Any, updating: float) -> dict[str, float]:
    """Return the fraction of the time by kind of operation.

    Args:
        events: events of the profiler.
        updating: time of the optimizer, in microseconds.
    """
    times = {**dict.fromkeys(KINDS, 0.0), "optimizer": updating, "other": 0.0}
    for event in events:
        name = event.key.rpartition("::")[2]
        kind = next((kind for kind, names in KINDS.items() if name in names or name.rstrip("_") in names), "other")
        times[kind] += event.self_cpu_time_total
    total = sum(times.values())
    return {kind: taken / total for kind, taken in times.items()}


def decoding(data: Path, quick: bool) -> dict[str, Any]:
    """Measure the time of one more target word by its position, with a beam of 20, and of recomputing the prefix.

    Only the model's part is measured: the logits and the reordering of its states, not the search over the words.

    Args:
        data: folder of binarised data.
        quick: decode fewer words, less often.

    Returns:
        `decode`: milliseconds per word (median, and by position); `growth`: the last words' time / that of the first;
        `over_recompute`: time of recomputing each prefix / time of decoding, for the first `prefix` words.
    """
    step = Step(data, hidden_size=HIDDEN_SIZE, max_blocks=9000, batches=1)
    model, beam, steps = step.model.eval(), 20, 30 if quick else 40
    source = torch.randint(4, len(step.task.source_dictionary), (beam, 12))
    target = torch.randint(4, len(step.task.target_dictionary), (beam, steps))
    with torch.no_grad():
        encoded = model.encoder(source)
        order = torch.arange(beam)
        times: list[list[float]] = [[] for _ in range(steps)]
        for repeat in range(2 if quick else 9):
            state: dict[str, dict[str, Tensor | None]] = {}
            for position in range(steps):
                started = time.perf_counter()
                model.decoder(target[:, : position + 1], encoded, incremental_state=state)
                model.decoder.reorder_incremental_state(state, order)
                if repeat:
                    times[position].append(time.perf_counter() - started)
        words = [1000 * median(taken) for taken in times]
        prefix = min(30, steps)
        prefixes = [_prefix(model, target, encoded, position) for position in range(1, prefix + 1)]
        recomputed = sum(alternating(prefixes, 1 if quick else 3))
    return {
        "decode": {
            "ms_per_word": median(words[1:]),
            "ms_per_word_by_position": words,
            "growth": median(words[-5:]) / median(words[1:6]),
            "over_recompute": 1000 * recomputed / sum(words[:prefix]),
            "prefix": prefix,
        }
    }


def _prefix(model: Any, target: Tensor, encoded: Any, length: int) -> Work:
    return lambda: model.decoder(target[:, :length], encoded)
