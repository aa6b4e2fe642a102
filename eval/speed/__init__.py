"""Speed and memory of the grid, compared with its unavoidable matrix products and with other ways to compute it."""
