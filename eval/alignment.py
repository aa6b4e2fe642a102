"""How much each source word contributed to each target word of a translation.

Two ways to ask a model, both with the target given (teacher forcing):

* ``readout``: the weights of the source positions that the model itself reports, as for ``--print-alignment``. Those of
  a Reencoder say which blocks of a row its softmax reads; any other model with attention has weights, too.
* ``gradient``: by how much the vector of a source word raises the logit of a target word: the product of the vector
  with the gradient where it is positive, as a share of these products. It works for every encoder-decoder model.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from data_prep.errors import DataError
from data_prep.word_alignment import Link

from .models import load_translation_model
from .program import USER_DIR

if TYPE_CHECKING:
    from torch import Tensor

Method = Literal["readout", "gradient"]
"""Where the weights of an alignment come from."""

END = "</s>"
"""How the end of a sentence is shown."""


@dataclass(frozen=True)
class Alignment:
    """The weights of the source words for each target word.

    Attributes:
        source: source words, the last one `END`.
        target: target words.
        weights: for each target word the weights of all source words, which sum to 1.
        number: number of the sentence in its split, counted from 1; None if it is in none.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]
    number: int | None = None

    def links(self) -> set[Link]:
        """Return, for each target word, the source word of the largest weight; none if it is the end."""
        best = [max(range(len(row)), key=row.__getitem__) for row in self.weights]
        return {(source, target) for target, source in enumerate(best) if source < len(self.source) - 1}

    def to_json(self) -> dict[str, Any]:
        """Return the alignment as a JSON object, the weights with 4 decimals."""
        return {
            "number": self.number,
            "source": list(self.source),
            "target": list(self.target),
            "weights": [[round(weight, 4) for weight in row] for row in self.weights],
        }


def alignment_from_json(value: Any, where: str) -> Alignment:
    """Return the alignment that `Alignment.to_json` wrote.

    Args:
        value: the JSON object.
        where: file and line, for error messages.

    Raises:
        DataError: it is not such an object.
    """
    try:
        source, target = tuple(map(str, value["source"])), tuple(map(str, value["target"]))
        weights = tuple(tuple(float(weight) for weight in row) for row in value["weights"])
        number = None if value["number"] is None else int(value["number"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{where}: not an alignment; expected a line that python -m eval align --json wrote") from error
    if not source or not all(0 <= weight <= 1 for row in weights for weight in row):
        raise DataError(f"{where}: expected source words, and weights between 0 and 1")
    if len(weights) != len(target) or any(len(row) != len(source) for row in weights):
        raise DataError(f"{where}: expected {len(target)} rows of {len(source)} weights")
    return Alignment(source, target, weights, number)


def to_pharaoh(links: set[Link]) -> str:
    """Return links as ``0-0 2-1``: source position, hyphen, target position."""
    return " ".join(f"{source}-{target}" for source, target in sorted(links))


class Aligner:
    """A translation model that aligns sentence pairs.

    Args:
        model: encoder-decoder model of fairseq.
        source_dictionary: its source words.
        target_dictionary: its target words.
        name: name of the model, for error messages.
    """

    def __init__(self, model: Any, source_dictionary: Any, target_dictionary: Any, name: str) -> None:
        model.eval()  # returns None once fairseq has prepared the model for inference
        self.model, self.name = model, name
        self.source_dictionary, self.target_dictionary = source_dictionary, target_dictionary

    def align(self, source: str, target: str, method: Method = "readout", number: int | None = None) -> Alignment:
        """Align a sentence pair.

        Args:
            source: tokens joined by spaces, as the model reads them.
            target: tokens joined by spaces.
            method: where the weights come from. Default: "readout"
            number: number of the sentence in its split.

        Raises:
            DataError: the source is empty, a side is too long, or the model has no weights to report.
        """
        import torch

        where = "" if number is None else f"sentence {number}: "
        for side, text, most in zip(("source", "target"), (source, target), self.model.max_positions(), strict=True):
            if len(text.split()) >= most:
                raise DataError(f"{where}{len(text.split())} {side} words; the model allows {most - 1}")
        if not source.split():
            raise DataError(f"{where}the source is empty")
        if not target.split():
            return Alignment((*source.split(), END), (), (), number)
        src = self.source_dictionary.encode_line(source, add_if_not_exist=False).long()
        words = self.target_dictionary.encode_line(target, add_if_not_exist=False, append_eos=False).long()
        previous = torch.cat([words.new_tensor([self.target_dictionary.eos()]), words[:-1]])
        device = next(self.model.parameters()).device
        src, words, previous = src.to(device), words.to(device), previous.to(device)
        weigh = self._readout if method == "readout" else self._gradient
        weights = weigh(src, previous, words)
        rows = tuple(tuple(row) for row in weights.double().tolist())
        return Alignment((*source.split(), END), tuple(target.split()), rows, number)

    def reports_weights(self, source: str, target: str) -> bool:
        """True if the model has weights to report; asked with a sentence pair."""
        try:
            self.align(source, target, "readout")
        except DataError:
            return False
        return True

    def _readout(self, src: Tensor, previous: Tensor, _: Tensor) -> Tensor:
        """Return the weights that the model reports, shape (T, S)."""
        import torch

        with torch.no_grad():
            _, extra = self.model(src[None], torch.tensor([len(src)], device=src.device), previous[None])
        attention = extra.get("attn") if isinstance(extra, dict) else extra  # as fairseq's generator reads it
        attention = attention[0] if isinstance(attention, list) else attention
        if attention is None:
            raise DataError(f"{self.name}: the model reports no weights; use --method gradient")
        weights: Tensor = attention[0]
        return weights

    def _gradient(self, src: Tensor, previous: Tensor, words: Tensor) -> Tensor:
        """Return the positive products of gradients and word vectors as shares, shape (T, S)."""
        import torch

        count = len(words)
        each = torch.arange(count, device=src.device)
        # A copy of the sentence for each target word, whose gradients are then those of this word alone.
        with torch.enable_grad(), _watched_embeddings(self.model.encoder) as found:
            encoded = self.model.encoder(
                src.expand(count, -1), src_lengths=torch.full((count,), len(src), device=src.device)
            )
            logits = self.model.decoder(previous.expand(count, -1), encoder_out=encoded)[0]
        if not found:
            raise DataError(f"{self.name}: the encoder looks up no word vectors")
        tokens, vectors = found[0]
        (gradient,) = torch.autograd.grad(logits[each, each, words].sum(), [vectors])
        product = (gradient * vectors.detach()).sum(dim=-1).clamp(min=0)
        if not torch.equal(tokens, src.expand(count, -1)):
            product = product.t()  # this encoder has the batch second
        total = product.sum(dim=1, keepdim=True)
        return torch.where(total > 0, product / total, torch.full_like(product, 1 / len(src)))


def load_aligner(checkpoint: Path, data: Path, user_dir: Path | None = USER_DIR, device: str | None = None) -> Aligner:
    """Load a model.

    Args:
        checkpoint: checkpoint of an encoder-decoder model.
        data: folder written by ``python -m data_prep prepare``, whose dictionaries are read.
        user_dir: the fairseq plugin that has the model; None for none. Default: this project's
        device: where to compute. Default: a GPU if there is one

    Raises:
        DataError: the checkpoint is missing, cannot be loaded, or has another direction than the data; or there is no
            such device.
    """
    model, task, reverse = load_translation_model(checkpoint, data, user_dir, device)
    if reverse:
        expected = f"{task.cfg.target_lang} to {task.cfg.source_lang}"
        raise DataError(
            f"{checkpoint}: translates {task.cfg.source_lang} to {task.cfg.target_lang}; expected {expected}"
        )
    return Aligner(model, task.source_dictionary, task.target_dictionary, str(checkpoint))


@contextmanager
def _watched_embeddings(encoder: Any) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Collect the words that an encoder looks up and their vectors, which have a gradient."""
    from torch import nn

    found: list[tuple[Tensor, Tensor]] = []

    def watch(_module: Any, inputs: tuple[Tensor, ...], vectors: Tensor) -> Tensor:
        # Detached: otherwise a frozen table would have no gradient.
        found.append((inputs[0], vectors.detach().requires_grad_()))
        return found[-1][1]

    tables = [module for module in encoder.modules() if isinstance(module, nn.Embedding)]
    handles = [table.register_forward_hook(watch) for table in tables]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def diagonal(sources: int, targets: int) -> set[Link]:
    """Return the alignment that needs no model: each target word is linked with the source word at its relative place.

    Args:
        sources: number of source words.
        targets: number of target words.
    """
    return {(int((target + 0.5) * sources / targets), target) for target in range(targets)}
