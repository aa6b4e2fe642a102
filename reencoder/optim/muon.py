"""`--optimizer muon`: torch's Muon for the matrices inside a network, AdamW for all other parameters.

Muon makes the steps of a matrix equally large in all directions, including those in which the gradient is small.
"""

# No `from __future__ import annotations`: fairseq reads the types of the configs' fields.
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from fairseq.dataclass import FairseqDataclass
from fairseq.optim import FairseqOptimizer, register_optimizer
from omegaconf import II
from torch import Tensor, nn

from .matrices import is_hidden_matrix


class MuonWithAdamW(torch.optim.Optimizer):
    """Muon for the parameters marked by `mark_hidden_matrices`, AdamW for the rest: one optimizer, one learning rate.

    A parameter of more than two axes is a stack of matrices, each of which takes its own step. The steps of the
    matrices are scaled to the size of AdamW's, so that one learning rate suits both.

    Args:
        params: the parameters, some of them marked.
        lr: learning rate.
        momentum: momentum of Muon.
        betas: betas of AdamW.
        eps: epsilon of AdamW.
        weight_decay: weight decay of both, decoupled from the gradient.

    Raises:
        ValueError: this torch has no Muon, or no parameter is marked.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        if not hasattr(torch.optim, "Muon"):
            raise ValueError(f"--optimizer muon: needs torch 2.9 or later, this is {torch.__version__}")
        defaults = {"lr": lr, "momentum": momentum, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)
        given: list[nn.Parameter] = [param for group in self.param_groups for param in group["params"]]
        self._stacks = [param for param in given if is_hidden_matrix(param)]
        if not self._stacks:
            raise ValueError(
                "--optimizer muon: the model has no hidden matrices marked for it, or half precision (--fp16, --bf16) "
                "hides them; use --optimizer adam"
            )
        # Views of the parameters: Muon's changes to a view are changes to its parameter.
        self._matrices = [[nn.Parameter(matrix) for matrix in _matrices(param.detach())] for param in self._stacks]
        views = [matrix for matrices in self._matrices for matrix in matrices]
        self._muon = torch.optim.Muon(views, adjust_lr_fn="match_rms_adamw")
        self._adamw = torch.optim.AdamW(param for param in given if not is_hidden_matrix(param))

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Take one step; parameters without gradients do not change."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for stack, matrices in zip(self._stacks, self._matrices, strict=True):
            gradients = [None] * len(matrices) if stack.grad is None else _matrices(stack.grad.contiguous())
            # View again: a parameter may have moved in memory, as torch's LSTM does when it goes to a GPU.
            for matrix, values, gradient in zip(matrices, _matrices(stack.detach()), gradients, strict=True):
                matrix.data, matrix.grad = values, gradient
        # Schedulers and --optimizer-overrides change the options of this group.
        options = self.param_groups[0]
        for optimizer, names in (
            (self._muon, ("lr", "momentum", "weight_decay")),
            (self._adamw, ("lr", "betas", "eps", "weight_decay")),
        ):
            optimizer.param_groups[0].update({name: options[name] for name in names})
            optimizer.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The states of both optimizers, and the options in the form of any torch optimizer."""
        return {**super().state_dict(), "muon": self._muon.state_dict(), "adamw": self._adamw.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:  # type: ignore[override]
        """Restore what `state_dict` returned.

        Raises:
            ValueError: the state is another optimizer's.
        """
        if "muon" not in state_dict or "adamw" not in state_dict:
            raise ValueError("--optimizer muon: the checkpoint was trained with another one; give --reset-optimizer")
        super().load_state_dict({name: state_dict[name] for name in ("state", "param_groups")})
        self._muon.load_state_dict(state_dict["muon"])
        self._adamw.load_state_dict(state_dict["adamw"])


def _matrices(stack: Tensor) -> list[Tensor]:
    """The matrices of a parameter, as views."""
    return list(stack.view(-1, *stack.shape[-2:]).unbind())


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
    adam_betas: str = field(default="(0.9, 0.999)", metadata={"help": "betas of AdamW"})
    adam_eps: float = field(default=1e-8, metadata={"help": "epsilon of AdamW"})
    weight_decay: float = field(default=0.0, metadata={"help": "weight decay of both"})
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
        }
