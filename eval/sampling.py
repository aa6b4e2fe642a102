"""Text that a character language model writes, one character after the other."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from data_prep.errors import DataError

from .checkpoints import load_plugin, reason_of, task_config

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class SampleSettings:
    """How text is drawn.

    Attributes:
        length: number of characters to write.
        temperature: divides the logits: below 1 likely characters become likelier, 0 always takes the likeliest.
        prime: text that the model reads first, or its bytes; see `Alphabet.encode`.
        seed: seed of the random choice.
        prime_option: the option that set `prime`, for error messages.

    Raises:
        DataError: a setting is out of range.
    """

    length: int = 500
    temperature: float = 1.0
    prime: str | bytes = ""
    seed: int = 1
    prime_option: str = "--prime"

    def __post_init__(self) -> None:
        if self.length < 1:
            raise DataError(f"--length {self.length}: must be at least 1")
        if self.temperature != 0 and not 1e-6 <= self.temperature <= 1e6:
            raise DataError(f"--temperature {self.temperature:g}: must be 0, or between 1e-06 and 1e+06")
        if not -(2**63) <= self.seed < 2**64:  # what torch takes
            raise DataError(f"--seed {self.seed}: must be between {-(2**63)} and {2**64 - 1}")


def load(checkpoint: Path, data: Path | None = None) -> tuple[Any, Any]:
    """Load a character language model.

    Args:
        checkpoint: a checkpoint of `--task grid_char_lm`.
        data: folder of the prepared text, whose alphabet is read. Default: that of the training

    Returns:
        The model, in evaluation mode, and its task.

    Raises:
        DataError: the checkpoint or the folder is missing, or does not belong to such a model.
    """
    name = task_config(checkpoint).get("_name")
    if name != "grid_char_lm":
        raise DataError(f"{checkpoint}: was trained on {name}, expected grid_char_lm")
    from fairseq import checkpoint_utils, tasks

    load_plugin()
    state = checkpoint_utils.load_checkpoint_to_cpu(str(checkpoint))
    config = state["cfg"]["task"]
    if data is not None:
        config["data"] = str(data)
    try:
        task = tasks.setup_task(config, from_checkpoint=True)
    except ValueError as error:
        raise DataError(f"{error} (or name another folder with --data)") from error
    try:
        (model,), _, _ = checkpoint_utils.load_model_ensemble_and_task([str(checkpoint)], task=task, state=state)
    except Exception as error:
        raise DataError(
            f"{checkpoint}: does not fit the alphabet of {config['data']} ({reason_of(error)}); name the folder of its "
            "training with --data"
        ) from error
    model.eval()
    return model, task


def sample(model: Any, task: Any, settings: SampleSettings) -> Iterator[bytes]:
    """Yield the prime and then the text that the model writes, one character (or byte) at a time.

    Args:
        model: a model that takes and returns states.
        task: its task; has `alphabet`.
        settings: how to draw.

    Raises:
        DataError: the prime has a character that is not in the alphabet, or is not UTF-8.
    """
    import torch

    try:
        read = task.alphabet.encode(settings.prime)
    except ValueError as error:
        raise DataError(f"{settings.prime_option}: {error}") from error
    generator = torch.Generator().manual_seed(settings.seed)
    # a sequence begins with a symbol of its own, the last one of the source dictionary
    given = [len(task.alphabet), *read]
    if read:
        yield task.alphabet.decode(read)
    states: Any = None
    with torch.no_grad():
        for _ in range(settings.length):
            output = model(torch.tensor([given]), states=states)
            states = output.states
            given = [draw(output.logits[0, -1], settings.temperature, generator)]
            yield task.alphabet.decode(given)


def draw(logits: Tensor, temperature: float, generator: torch.Generator) -> int:
    """Draw the index of a symbol.

    Args:
        logits: shape (symbols,).
        temperature: see `SampleSettings`.
        generator: torch's random generator.
    """
    import torch

    if temperature == 0:
        return int(logits.argmax())
    return int(torch.multinomial(torch.softmax(logits.float() / temperature, dim=-1), 1, generator=generator))


def as_text(pieces: Iterator[bytes]) -> Iterator[str]:
    """Yield UTF-8 text as soon as its characters are complete; bytes that are not UTF-8 become U+FFFD."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def write(model: Any, task: Any, settings: SampleSettings, stream: TextIO) -> None:
    """Write text to a stream, every character as soon as it is drawn."""
    for text in as_text(sample(model, task, settings)):
        stream.write(text)
        stream.flush()
    stream.write("\n")
