"""How grids are made fast. Nothing but `reencoder.grid.compute` imports this package; start reading there.

`scan`: which blocks are computed at once, and where their states lie. `fused`: one or two dimensions of LSTM cells with
a hand-written backward pass, on top of `fused_grid` (one front, forward and backward), `torch_fronts` (its element-wise
work, or compiled in its place) and `products` (matrix products). `general`: any grid, under autograd.
"""
