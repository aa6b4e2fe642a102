"""What only a translation task has: maximum lengths of source and target, and dictionaries with padding."""

from __future__ import annotations

from typing import Any


def translation_lengths(task: Any) -> tuple[int, int]:
    """Return the maximum lengths of source and target.

    Args:
        task: the task that a translation model is built for.

    Raises:
        ValueError: it is another kind of task.
    """
    lengths = task.max_positions()
    # Symbols of the plugin's other tasks have no padding, images have no dictionary, and text has no maximum length.
    padded = all(
        words is not None and words.pad() < len(words) for words in (task.source_dictionary, task.target_dictionary)
    )
    if not padded or not isinstance(lengths, list | tuple) or len(lengths) != 2:
        name = getattr(getattr(task, "cfg", None), "_name", None) or type(task).__name__
        raise ValueError(
            f"--task {name}: a Reencoder needs a task of translation, reencoder_translation or fairseq's translation"
        )
    source, target = lengths
    return source, target
