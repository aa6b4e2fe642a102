"""The models that the recipes compare. The scale sets their hidden size and layers."""

from __future__ import annotations

from .recipe import Model

GRID = ("forget_bias", "init_scale", "input_scale")
"""Initial values of a scale that Grid LSTMs have. They were chosen with the tied 2-LSTM. The Stacked LSTM is run twice:
with torch's initial values except for the forget bias, and with these."""

SEQUENCE_MODELS = {
    "tied_2lstm": Model("tied 2-LSTM", {"arch": "grid_lstm_2d"}, GRID),
    "untied_2lstm": Model("untied 2-LSTM", {"arch": "grid_lstm_2d", "untied": True}, GRID),
    "tied_stacked_lstm": Model("tied Stacked LSTM", {"arch": "stacked_lstm"}, ("forget_bias",)),
    "stacked_lstm": Model("Stacked LSTM", {"arch": "stacked_lstm", "untied": True}, ("forget_bias",)),
    "tied_stacked_lstm_scaled": Model(
        "tied Stacked LSTM, initial values of the 2-LSTM", {"arch": "stacked_lstm"}, GRID
    ),
    "stacked_lstm_scaled": Model(
        "Stacked LSTM, initial values of the 2-LSTM", {"arch": "stacked_lstm", "untied": True}, GRID
    ),
}
"""Models for addition and memorization."""

STRING_MODELS = {
    "tied_1lstm": Model("tied 1-LSTM", {"arch": "grid_lstm_1d"}, GRID),
    "untied_1lstm": Model("untied 1-LSTM", {"arch": "grid_lstm_1d", "untied": True}, GRID),
    "tanh": Model("tied tanh net", {"arch": "feed_forward", "activation": "tanh"}, ("input_scale",)),
    "relu": Model("tied ReLU net", {"arch": "feed_forward", "activation": "relu"}, ("input_scale",)),
    "untied_tanh": Model(
        "untied tanh net", {"arch": "feed_forward", "activation": "tanh", "untied": True}, ("input_scale",)
    ),
    "untied_relu": Model(
        "untied ReLU net", {"arch": "feed_forward", "activation": "relu", "untied": True}, ("input_scale",)
    ),
}
STRING_MODELS |= {
    f"{name}_signs": Model(
        f"{model.label}, input weights of equal size", {**model.options, "input_init": "signs"}, model.starts
    )
    for name, model in STRING_MODELS.items()
}
"""Models for parity: each with input weights of random sizes, and with weights that differ in their signs only."""
