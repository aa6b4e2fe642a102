"""What the softmax of a Reencoder reads of a row of blocks.

The paper reads the end of the row. The word that matters may have entered many blocks before, so a readout may also
look at every block of the row: at what leaves it along the depth. Axes: S source positions, T target positions (rows),
`batch`, `d` hidden size, e size of the word vectors.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..grid import State

ReadoutKind = Literal["end", "max", "attention", "lexical-attention"]
READOUTS: tuple[str, ...] = get_args(ReadoutKind)


class RowFeatures(NamedTuple):
    """What a `RowReadout` returns.

    Attributes:
        features: what the softmax reads, shape (T, batch, width).
        weights: of each source position for each row, shape (S, T, batch); they sum to 1 over S: the weights of the
            attention, averaged over the heads, or the share of the elements whose maximum is there. None for "end", and
            for "max" in training.
    """

    features: Tensor
    weights: Tensor | None


class RowReadout(nn.Module):
    r"""Features of the rows of the last layer.

    Always the states at the end of a row, :math:`[h; m]` or :math:`h`. Beside them, with :math:`z_i` for the hidden
    vector that leaves block i of the row along the depth:

    * "end": nothing, as in the paper (section 4.4).
    * "max": the maximum of :math:`z_i` over i, for each element.
    * "attention": for each head k, with a part :math:`z_{ik}` of the vector, :math:`\sum_i a_{ik} z_{ik}` with weights
      :math:`a_{ik} = \mathrm{softmax}_i(w_k \cdot \tanh z_i)`. The weights look at what the grid found at each source
      position; there is no query.
    * "lexical-attention": the same, and :math:`\tanh \sum_i \bar a_i x_i`, the source word vectors :math:`x_i` with
      weights averaged over the heads.

    Args:
        hidden_size: d.
        kind: see above.
        reads_memory: read [hidden; memory] of the end instead of hidden alone.
        heads: number of heads of the attention.
        word_size: e, which "lexical-attention" needs.
        dropout: dropout of the lexical features, in training.

    Attributes:
        width: number of features.

    Raises:
        ValueError: an option is wrong.
    """

    def __init__(
        self,
        hidden_size: int,
        kind: ReadoutKind = "end",
        *,
        reads_memory: bool = True,
        heads: int = 4,
        word_size: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if kind not in READOUTS:
            raise ValueError(f"readout: expected one of {', '.join(READOUTS)}, got {kind!r}")
        attends = kind in ("attention", "lexical-attention")
        if attends and (heads < 1 or hidden_size % heads):
            raise ValueError(f"readout heads: expected a divisor of the hidden size {hidden_size}, got {heads}")
        self.kind, self.reads_memory, self.heads = kind, reads_memory, heads
        self.dropout = dropout
        self.score = nn.Linear(hidden_size, heads, bias=False) if attends else None
        self.width = hidden_size * ((2 if reads_memory else 1) + (kind != "end"))
        if kind == "lexical-attention":
            self.width += word_size

    def extra_repr(self) -> str:
        return f"kind={self.kind}, reads_memory={self.reads_memory}, heads={self.heads}"

    def forward(
        self, row_ends: State, depth: Tensor | None, source_vectors: Tensor | None, real: Tensor
    ) -> RowFeatures:
        """Read T rows.

        Args:
            row_ends: the states at the end of each row, shape (T, batch, d).
            depth: the hidden vectors that leave the blocks along the depth, shape (S, T, batch, d); None for "end".
            source_vectors: the source word vectors, shape (S, batch, e), which "lexical-attention" needs.
            real: False where a source position is padding, shape (S, batch).

        Returns:
            See `RowFeatures`.
        """
        parts = list(row_ends) if self.reads_memory else [row_ends.hidden]
        padding = ~real[:, None, :, None]  # (S, 1, batch, 1)
        weights: Tensor | None = None
        if self.kind == "max":
            assert depth is not None
            real_depth = depth.masked_fill(padding, -torch.inf)
            parts.append(real_depth.amax(dim=0))
            if not self.training:
                weights = winners(real_depth)
        elif self.score is not None:
            assert depth is not None
            by_head = self.score(torch.tanh(depth)).masked_fill(padding, -torch.inf).softmax(dim=0)  # (S, T, batch, k)
            values = depth.unflatten(-1, (self.heads, -1))  # (S, T, batch, k, d / k)
            parts.append((values * by_head.unsqueeze(-1)).sum(dim=0).flatten(-2))
            weights = by_head.mean(dim=-1)
            if self.kind == "lexical-attention":
                assert source_vectors is not None
                mixed = torch.einsum("stb,sbe->tbe", weights, source_vectors)
                parts.append(functional.dropout(torch.tanh(mixed), self.dropout, self.training))
        return RowFeatures(torch.cat(parts, dim=-1), weights)


@torch.no_grad()
def winners(values: Tensor) -> Tensor:
    """For each row, the share of the elements whose maximum over the source is at each position.

    Args:
        values: shape (S, T, batch, d).

    Returns:
        Shares, shape (S, T, batch), that sum to 1 over S.
    """
    where = values.argmax(dim=0).movedim(-1, 0)  # (d, T, batch)
    share = values.new_full((), 1 / values.size(-1)).expand(where.shape)
    return values.new_zeros(values.shape[:-1]).scatter_add(0, where, share)
