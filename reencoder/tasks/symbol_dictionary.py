"""A dictionary without fairseq's special symbols, for the tasks that do not read sentences."""

from __future__ import annotations

from collections.abc import Sequence

from fairseq.data import Dictionary


class SymbolDictionary(Dictionary):
    """A dictionary of exactly the given symbols, with the indices 0, 1, ...

    Its length is their number, which is what models read their sizes from. fairseq's special symbols have indices
    behind the last one: no sample contains them, and no model reads or predicts them.

    Args:
        symbols: the symbols in order.
    """

    def __init__(self, symbols: Sequence[str]) -> None:
        super().__init__(add_special_symbols=False)
        for symbol in symbols:
            self.add_symbol(symbol)
        size = len(self)
        self.bos_index, self.pad_index, self.eos_index, self.unk_index = range(size, size + 4)
        self.nspecial = 0
