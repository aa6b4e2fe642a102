"""What the speed of a machine depends on: instruction sets, threads and the libraries that multiply matrices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from reencoder.float32_products import onednn_pays

INSTRUCTION_SETS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX-512 bfloat16",
    "amx_tile": "AMX",
    "amx_bf16": "AMX bfloat16",
}
"""Instruction sets that matter for matrix products, by their flag in /proc/cpuinfo."""


def instruction_sets(cpuinfo: Path = Path("/proc/cpuinfo")) -> list[str] | None:
    """Return which of `INSTRUCTION_SETS` the processor has; None where the system does not say."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), None)
    return None if flags is None else [name for flag, name in INSTRUCTION_SETS.items() if flag in flags]


def processor() -> dict[str, Any]:
    """Return the instruction sets, the one that torch's own loops use, torch's threads, and its BLAS and oneDNN.

    The measurements compute in float32, for which neither AMX nor the bfloat16 instructions are used. After
    `set_up_training`, oneDNN computes the products if it is faster.
    """
    settings = dict(
        part.partition("=")[::2] for part in torch.__config__.show().replace("\n", ",").split(",") if "=" in part
    )
    blas = next((value for name, value in settings.items() if name.strip().endswith("BLAS_INFO")), None)
    return {
        "instruction_sets": instruction_sets(),
        "torch_uses": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "blas": blas,
        "onednn": torch.backends.mkldnn.is_available(),
        "onednn_for_products": onednn_pays(),
    }


def describe(found: dict[str, Any]) -> str:
    """Return what `processor` returned in words."""
    sets = found["instruction_sets"]
    return (
        f"instruction sets {'unknown' if sets is None else ', '.join(sets) or 'without AVX2'}; torch uses "
        f"{found['torch_uses']}, {found['threads']} {'thread' if found['threads'] == 1 else 'threads'}, BLAS "
        f"{found['blas'] or 'unknown'}, oneDNN {'yes' if found['onednn'] else 'no'}"
        # Older results do not say it; MKL computed them.
        f"{', for all products' if found.get('onednn_for_products') else ''}"
    )
