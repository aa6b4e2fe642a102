"""`--optimizer muon`: Muon for the matrices inside a network, AdamW for all other parameters.

Muon (Jordan et al., 2024) takes steps that are equally large in all directions of a matrix, including those in which
the gradient is small.
"""

# No `from __future__ import annotations`: fairseq reads the types of the configs' fields.
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import torch
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.optim import FairseqOptimizer, register_optimizer
from omegaconf import II
from torch import Tensor, nn

from .matrices import hidden_matrix_rows
from .orthogonal import PRECISIONS, orthogonalize


class MuonWithAdamW(torch.optim.Optimizer):
    """Muon for the parameters marked by `mark_hidden_matrices`, AdamW for the rest: one optimizer, one learning rate.

    A marked parameter consists of parts, such as the gates of each layer and dimension. Each part takes its own step,

        buffer = momentum * buffer + (1 - momentum) * gradient
        step = orthogonalize((1 - momentum) * gradient + momentum * buffer) * 0.2 * sqrt(max(rows, columns))

    whose factor makes it as large as a step of AdamW, so that one learning rate suits both. The parts of one shape are
    orthogonalized together. torch's own Muon takes one step per matrix and always computes in bfloat16, which is
    several times slower than float32 on a CPU without units for it.

    All parameters have the same options: there is one group of them.

    Args:
        params: the parameters, some of them marked; as a dictionary with options, at most one.
        lr: learning rate.
        momentum: momentum of Muon.
        betas: betas of AdamW.
        eps: epsilon of AdamW.
        weight_decay: weight decay of Muon, decoupled from the gradient.
        adam_weight_decay: the same of AdamW.
        precision: in which numbers Muon's steps are orthogonalized, one of `orthogonal.PRECISIONS`.

    Raises:
        ValueError: no parameter is marked, there are several groups, or an option is out of range.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        adam_weight_decay: float = 0.0,
        precision: str = "auto",
    ) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"--muon-precision: expected one of {', '.join(PRECISIONS)}, got {precision}")
        self._precision = precision
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "adam_weight_decay": adam_weight_decay,
        }
        super().__init__(params, defaults)
        _check_ranges(self.param_groups[0])
        given: list[nn.Parameter] = [param for group in self.param_groups for param in group["params"]]
        self._marked = [(param, rows) for param in given if (rows := hidden_matrix_rows(param)) is not None]
        if not self._marked:
            raise ValueError(
                "--optimizer muon: the model has no hidden matrices marked for it, or half precision (--fp16, --bf16) "
                "hides them (use --amp instead of these, or --optimizer adam), or it is a deep copy, which has no "
                "marks (mark_layers sets them again)"
            )
        others = [param for param in given if hidden_matrix_rows(param) is None]
        # One pass over memory instead of some ten, and one launch on a GPU.
        self._fused = (
            all(param.device.type in ("cpu", "cuda") and param.is_floating_point() for param in others) or None
        )
        self._adamw = torch.optim.AdamW([{"params": others}], fused=self._fused)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take over the only group of parameters.

        Raises:
            ValueError: there is one already.
        """
        if self.param_groups:
            raise ValueError("--optimizer muon: all parameters have the same options; give them as one group")
        super().add_param_group(param_group)

    def __getstate__(self) -> dict[str, Any]:
        raise TypeError(
            "this optimizer cannot be copied or pickled, as copies of parameters lose their marks; make a new one for "
            "the copied model (mark_layers marks its matrices) and hand over the state with load_state_dict"
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Take one step; parameters without gradients do not change."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        options = self.param_groups[0]  # schedulers and --optimizer-overrides change the options of this group
        self._step_marked(options["lr"], options["momentum"], options["weight_decay"])
        self._adamw.param_groups[0].update({name: options[name] for name in ("lr", "betas", "eps")})
        self._adamw.param_groups[0]["weight_decay"] = options["adam_weight_decay"]
        self._adamw.step()
        return loss

    def _step_marked(self, lr: float, momentum: float, weight_decay: float) -> None:
        by_shape: dict[tuple[int, ...], list[tuple[nn.Parameter, Tensor]]] = defaultdict(list)
        for param, rows in self._marked:
            if param.grad is None:
                continue
            state = self.state[param]
            if not state:
                state["momentum_buffer"] = torch.zeros_like(param)
            state["momentum_buffer"].lerp_(param.grad, 1 - momentum)
            direction = param.grad.lerp(state["momentum_buffer"], momentum)
            parts = direction.reshape(-1, rows, param.size(-1))
            by_shape[parts.shape[1:]].append((param, parts))
        for shape, members in by_shape.items():
            steps = orthogonalize(torch.cat([parts for _, parts in members]), precision=self._precision)
            for (param, _), step in zip(members, steps.split([len(parts) for _, parts in members]), strict=True):
                param.mul_(1 - lr * weight_decay)
                param.add_(step.reshape(param.shape), alpha=-lr * 0.2 * max(shape) ** 0.5)

    def state_dict(self) -> dict[str, Any]:
        """The states of both optimizers, and the options in the form of any torch optimizer."""
        return {**super().state_dict(), "adamw": self._adamw.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:  # type: ignore[override]
        """Restore what `state_dict` returned.

        Raises:
            ValueError: the state is another optimizer's, or of another division of the parameters.
        """
        if "adamw" not in state_dict:
            raise ValueError(
                "--optimizer muon: the checkpoint was trained with another optimizer; use --reset-optimizer"
            )
        adamw = state_dict["adamw"]
        if [len(group["params"]) for group in adamw["param_groups"]] != [
            len(group["params"]) for group in self._adamw.param_groups
        ]:
            raise ValueError(
                "--optimizer muon: the version that wrote the checkpoint gave Muon other parameters; use "
                "--reset-optimizer"
            )
        super().load_state_dict({"state": state_dict["state"], "param_groups": state_dict["param_groups"]})
        # Not as in the checkpoint, which another device may have made; torch reads it to place the numbers of steps.
        groups = [{**group, "fused": self._fused} for group in adamw["param_groups"]]
        self._adamw.load_state_dict({**adamw, "param_groups": groups})


_RANGES: dict[str, tuple[str, Callable[[float], bool], str]] = {
    "lr": ("--lr", lambda value: value >= 0, "0 or more"),
    "momentum": ("--muon-momentum", lambda value: 0 <= value < 1, "at least 0 and below 1"),
    "betas": ("--adam-betas", lambda value: 0 <= value < 1, "two numbers of at least 0 and below 1"),
    "eps": ("--adam-eps", lambda value: value >= 0, "0 or more"),
    "weight_decay": ("--weight-decay", lambda value: value >= 0, "0 or more"),
    "adam_weight_decay": ("--adam-weight-decay", lambda value: value >= 0, "0 or more"),
}
"""For each option of the optimizer fairseq's name for it, whether a finite number is allowed, and which are."""


def _check_ranges(options: dict[str, Any]) -> None:
    """Check the options of a group.

    Raises:
        ValueError: names the option that is wrong.
    """
    for name, (option, is_allowed, allowed) in _RANGES.items():
        values = options[name] if isinstance(options[name], tuple | list) else [options[name]]
        if not all(isfinite(value) and is_allowed(value) for value in values):
            raise ValueError(f"{option}: expected {allowed}, got {options[name]}")


def _betas(text: str) -> tuple[float, float]:
    """Parse text such as "(0.9, 0.98)".

    Raises:
        ValueError: the text is not two numbers.
    """
    try:
        first, second = (float(part) for part in str(text).strip("()[] ").split(","))
    except ValueError:
        raise ValueError(f"--adam-betas: expected two numbers such as (0.9, 0.98), got {text}") from None
    return first, second


@dataclass
class MuonConfig(FairseqDataclass):
    """Options of the optimizer."""

    muon_momentum: float = field(default=0.95, metadata={"help": "momentum of Muon"})
    muon_precision: ChoiceEnum(list(PRECISIONS)) = field(  # type: ignore[valid-type]
        default="auto",
        metadata={
            "help": "in which numbers Muon's steps are orthogonalized; auto: bfloat16 on a GPU, and on a CPU if a "
            "trial finds it faster and one process trains. Set it where two runs have to agree to the last bit"
        },
    )
    adam_betas: str = field(default="(0.9, 0.999)", metadata={"help": "betas of AdamW"})
    adam_eps: float = field(default=1e-8, metadata={"help": "epsilon of AdamW"})
    weight_decay: float = field(
        default=0.0,
        metadata={
            "help": "weight decay of Muon's matrices, decoupled from the gradient and multiplied by --lr. All steps of "
            "Muon are of one size: in a long training without decay the matrices grow until gates saturate (0.1 "
            "worked well for translation)"
        },
    )
    adam_weight_decay: float = field(
        default=0.0,
        metadata={"help": "weight decay of AdamW's parameters: word vectors, biases and output layers"},
    )
    lr: Any = II("optimization.lr")  # noqa: RUF009 - how fairseq's optimizers refer to the common option


@register_optimizer("muon", dataclass=MuonConfig)
class FairseqMuon(FairseqOptimizer):
    """`MuonWithAdamW` for fairseq.

    Args:
        cfg: the options.
        params: the parameters.

    Raises:
        ValueError: names the option that is wrong.
    """

    # With --amp, fairseq unscales the gradients of `optimizer` when it clips them, and then lets torch's GradScaler
    # step this object, which the scaler takes for another optimizer and would unscale again. So it is told not to.
    _step_supports_amp_scaling = True
    found_inf: Tensor | None = None  # set by the scaler for a step

    def __init__(self, cfg: MuonConfig, params: Iterable[nn.Parameter]) -> None:
        super().__init__(cfg)
        self._optimizer = MuonWithAdamW(params, **self.optimizer_config)

    @property
    def optimizer_config(self) -> dict[str, Any]:
        """Keyword arguments of the optimizer."""
        return {
            "lr": self.cfg.lr[0],
            "momentum": self.cfg.muon_momentum,
            "betas": _betas(self.cfg.adam_betas),
            "eps": self.cfg.adam_eps,
            "weight_decay": self.cfg.weight_decay,
            "adam_weight_decay": self.cfg.adam_weight_decay,
            "precision": str(self.cfg.muon_precision),
        }

    def step(self, closure: Any = None, scale: float = 1.0, groups: Any = None) -> None:
        """Take one step; none if `--amp` has found infinite gradients. See fairseq's optimizer."""
        if self.found_inf is None or not bool(self.found_inf):
            super().step(closure, scale, groups)
