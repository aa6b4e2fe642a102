"""The models that the recipes compare; sizes and layers come from the scale."""

from __future__ import annotations

from recipes.algorithmic.program import Model

SEQUENCE_MODELS = {
    "tied_2lstm": Model("tied 2-LSTM", {"arch": "grid_lstm_2d"}),
    "untied_2lstm": Model("untied 2-LSTM", {"arch": "grid_lstm_2d", "untied": True}),
    "tied_stacked_lstm": Model("tied Stacked LSTM", {"arch": "stacked_lstm"}),
    "stacked_lstm": Model("Stacked LSTM", {"arch": "stacked_lstm", "untied": True}),
}
"""For addition and memorization."""

STRING_MODELS = {
    "tied_1lstm": Model("tied 1-LSTM", {"arch": "grid_lstm_1d"}),
    "untied_1lstm": Model("untied 1-LSTM", {"arch": "grid_lstm_1d", "untied": True}),
    "tanh": Model("tied tanh net", {"arch": "feed_forward", "activation": "tanh"}),
    "relu": Model("tied ReLU net", {"arch": "feed_forward", "activation": "relu"}),
    "untied_tanh": Model("untied tanh net", {"arch": "feed_forward", "activation": "tanh", "untied": True}),
    "untied_relu": Model("untied ReLU net", {"arch": "feed_forward", "activation": "relu", "untied": True}),
}
"""For parity."""
