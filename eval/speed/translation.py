"""The Reencoder: a whole training step on real batches, and decoding."""

from __future__ import annotations

import time
from argparse import Namespace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from fairseq import criterions, optim, options, tasks, utils
from fairseq.dataclass.utils import convert_namespace_to_omegaconf
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from reencoder.optim.orthogonal import compute_dtype

from .compiling import compilation
from .grids import limit_figures
from .measure import Work, alternating, clock
from .parts import Parts
from .products import Map, limit

HIDDEN_SIZE = 256
"""d of the Reencoder of which decoding is measured, and of the large training step."""

PAPER: dict[str, str] = {
    "--arch": "reencoder",
    "--readout": "end",
    "--dropout": "0.2",
    "--optimizer": "adam",
    "--lr": "0.001",
}
"""Options of the large training step: the paper's readout and optimizer."""

RECIPE: dict[str, str] = {
    "--arch": "reencoder_small",
    "--optimizer": "muon",
    "--weight-decay": "0.1",
    "--lr": "0.006",
}
"""Options of the training step that the recipes take; its hidden size is the preset's, 160."""

RECIPE_BLOCKS = 3000
"""Maximum number of blocks per batch in the recipes."""

KINDS = {
    "matrix products": ("mm", "addmm", "bmm", "baddbmm", "_linear_pointwise", "_reorder_linear_weight", "linear"),
    # the compiled code runs within the fused function itself
    "gates and states": ("_FusedFunction", "_FusedFunctionBackward", "sigmoid", "tanh", "mul", "addcmul", "where",
                         "add", "sigmoid_backward", "tanh_backward"),
    "copies, gathers and fills": ("copy_", "cat", "index", "index_put_", "_index_put_impl_", "index_select", "fill_",
                                  "zero_", "clone", "embedding", "embedding_dense_backward", "flip", "gather",
                                  "_Permute", "_PermuteBackward"),
    "softmax, sums": ("_log_softmax", "_log_softmax_backward_data", "sum", "nll_loss"),
    "dropout": ("bernoulli_", "random_", "native_dropout"),
}  # fmt: skip
"""Operations of the profile by kind; in-place forms belong to the same kind."""


class Step:
    """A Reencoder with its optimizer, and batches of a data set.

    Args:
        data: folder of binarised data (`python -m data_prep prepare`).
        chosen: options of training by name, `PAPER` or `RECIPE`.
        max_blocks: maximum number of blocks per batch, see `--max-blocks`.
        batches: number of batches to use, spread over all lengths.
        hidden_size: d, also the size of the word vectors. Default: the architecture's
    """

    def __init__(
        self, data: Path, chosen: dict[str, str], max_blocks: int, batches: int, hidden_size: int | None = None
    ) -> None:
        parser = options.get_training_parser()
        arguments = [str(data), "--task", "reencoder_translation", "--criterion", "label_smoothed_cross_entropy"]
        arguments += ["--label-smoothing", "0.1", "--batch-size", "512", "--required-batch-size-multiple", "1"]
        arguments += ["--max-blocks", str(max_blocks), "--seed", "1", "--clip-norm", "1.0", "--num-workers", "0"]
        arguments += [word for pair in chosen.items() for word in pair]
        if hidden_size is not None:
            arguments += ["--hidden-size", str(hidden_size), "--embed-dim", str(hidden_size)]
        namespace: Namespace = options.parse_args_and_arch(parser, arguments)
        config = convert_namespace_to_omegaconf(namespace)
        utils.set_torch_seed(1)
        self.task = tasks.setup_task(config.task)
        self.task.load_dataset("train")
        self.model = self.task.build_model(config.model)
        self.criterion = criterions.build_criterion(config.criterion, self.task)
        self.optimizer = optim.build_optimizer(config.optimizer, list(self.model.parameters()))
        started = clock()
        iterator = self.task.get_batch_iterator(
            self.task.dataset("train"), max_sentences=512, max_positions=(1024, 1024), seed=1
        ).next_epoch_itr(shuffle=False)
        everything = list(iterator)
        self.seconds_to_load = (clock() - started) / len(everything)
        self.batches = everything[:: max(1, len(everything) // batches)][:batches]
        self.words = sum(batch["ntokens"] for batch in self.batches)

    @property
    def hidden_size(self) -> int:
        """Hidden size d of the model."""
        return int(self.model.decoder.grid.stack.options.hidden_size)

    def maps(self) -> list[Map]:
        """Return the linear maps that these batches need, with their real positions only as rows."""
        encoder, decoder = self.model.encoder, self.model.decoder
        stack = decoder.grid.stack
        d = self.hidden_size
        pad = self.task.source_dictionary.pad()
        blocks = sources = targets = 0
        for batch in self.batches:
            source = batch["net_input"]["src_tokens"].ne(pad).sum(1)
            target = batch["net_input"]["prev_output_tokens"].ne(pad).sum(1)
            blocks += int((source * target).sum())
            sources, targets = sources + int(source.sum()), targets + int(target.sum())
        maps = [(blocks, weight.size(1), weight.size(0)) for weight in (*stack.weights, *stack.depth_weights)]
        for words, positions in ((encoder.words, sources), (decoder.words, targets)):
            maps += [(positions, p.in_features, p.out_features) for p in words.projections.values()]
        if decoder.readout.score is not None:
            maps.append((blocks, d, decoder.readout.score.out_features))
        output = decoder.output.output
        return [*maps, (targets, output.in_features, output.out_features)]

    def run(self) -> None:
        """Do one training step on each batch."""
        for batch in self.batches:
            self.learn(batch)
            self.update()

    def learn(self, batch: Any) -> None:
        """Do the forward and the backward pass of a batch."""
        self.forward(batch).backward()

    def forward(self, batch: Any) -> Tensor:
        """Do the forward pass of a batch and return its loss."""
        self.model.train()
        self.optimizer.zero_grad()
        loss: Tensor = self.criterion(self.model, batch)[0]
        return loss

    def update(self) -> None:
        """Clip the gradients and update the parameters."""
        self.optimizer.clip_grad_norm(1.0)
        self.optimizer.step()

    def parts(self, repeats: int) -> dict[str, float]:
        """Return the fraction of the time of training steps by part of the model; see `Parts`."""
        parts = Parts(self.model)
        for _ in range(repeats):
            for batch in self.batches:
                parts.step((partial(self.forward, batch), Tensor.backward), self.update)
        parts.close()
        return parts.shares(len(self.batches), self.seconds_to_load * len(self.batches))

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
    """Measure whole training steps: of a large Reencoder (`PAPER`), and of the recipes' (`RECIPE`).

    Args:
        data: folder of binarised data.
        quick: use few batches and repetitions.

    Returns:
        What `limit_figures` returns for both; `train_step`: target words per second and fraction of padding of the
        large one; `profile`: fraction of its time by kind of operation; `recipe_step`: as `train_step`, `parts`:
        fraction of the time by part of the model, `muon_dtype`: type that Muon's steps are orthogonalized in, and
        `compilation`, see there.
    """
    repeats = 1 if quick else 5
    step = Step(data, PAPER, max_blocks=9000, batches=2, hidden_size=HIDDEN_SIZE)
    large = limit(step.run, step.maps(), repeats)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for batch in step.batches:
            step.learn(batch)
    (updating,) = alternating([step.update], 5)
    recipe = Step(data, RECIPE, RECIPE_BLOCKS, batches=2 if quick else 8)
    small = limit(recipe.run, recipe.maps(), repeats)
    figures = limit_figures("train_step_d256", large)
    for key, values in limit_figures("train_step_d160", small).items():
        figures[key].update(values)
    return {
        **figures,
        "train_step": {"words_per_second": step.words / large.taken, "padding": step.padding()},
        "profile": _by_kind(profiler.key_averages(), 1e6 * updating * len(step.batches)),
        "recipe_step": {
            "words_per_second": recipe.words / small.taken,
            "padding": recipe.padding(),
            "parts": recipe.parts(repeats),
            "muon_dtype": str(compute_dtype("auto", torch.device("cpu"), recipe.hidden_size)).removeprefix("torch."),
            "compilation": compilation(recipe.run, repeats),
        },
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
    step = Step(data, PAPER, max_blocks=9000, batches=1, hidden_size=HIDDEN_SIZE)
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
