"""`--tokenizer reencoder`: raw Chinese in, readable English out, in fairseq's own programs."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from fairseq.data.encoders import register_tokenizer
from fairseq.dataclass import FairseqDataclass

from .text.errors import DataError
from .text.manifest import MANIFEST
from .text.pipeline import TextPipeline


@dataclass
class ReencoderTokenizerConfig(FairseqDataclass):
    """The options of the tokenizer."""

    text_manifest: Optional[str] = field(  # noqa: UP045
        default=None,
        metadata={
            "help": "with --tokenizer reencoder: manifest.json of the prepared data, or its copy beside a checkpoint, "
            "or the folder of either; --task reencoder_translation finds that of its data"
        },
    )


@register_tokenizer("reencoder", dataclass=ReencoderTokenizerConfig)
class ReencoderTokenizer:
    """Segments Chinese, subwords included, and makes tokens text; see `TextPipeline`. It needs no `--bpe` beside it.

    Args:
        cfg: the options.
        fingerprint: that of the training data, as the checkpoint records it. Default: not compared

    Raises:
        ValueError: the manifest is missing, damaged or named otherwise, or the checkpoint was trained on data prepared
            otherwise.
    """

    def __init__(self, cfg: ReencoderTokenizerConfig, fingerprint: str | None = None) -> None:
        if cfg.text_manifest is None:
            raise ValueError("--tokenizer reencoder: name the manifest.json of the prepared data with --text-manifest")
        manifest = Path(cfg.text_manifest)
        if manifest.is_dir():
            manifest /= MANIFEST
        if manifest.name != MANIFEST:
            # the files that it lists lie beside it under fixed names, so a renamed copy would read another one
            raise ValueError(f"--text-manifest {manifest}: expected a file named {MANIFEST} or its folder")
        if not manifest.exists():
            raise ValueError(
                f"{manifest}: no such file. --tokenizer reencoder is for data of `python -m data_prep prepare`: name "
                "their manifest with --text-manifest, or leave the tokenizer out and give tokens"
            )
        try:
            self.pipeline = TextPipeline(manifest.parent)
        except DataError as error:
            raise ValueError(str(error)) from error
        if fingerprint is not None and fingerprint != self.pipeline.fingerprint:
            raise ValueError(
                f"{manifest}: the checkpoint was trained on data that were prepared otherwise; name their manifest "
                "with --text-manifest"
            )

    def encode(self, x: str) -> str:
        """Return the tokens of a raw sentence."""
        return self.pipeline.encode_source(x)

    def decode(self, x: str) -> str:
        """Return the text of target tokens."""
        return self.pipeline.decode(x)
