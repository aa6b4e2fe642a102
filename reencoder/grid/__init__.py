"""The Grid LSTM in pure torch: nothing below this package knows fairseq."""
