"""How fast the grid is, against the matrix products that it cannot avoid and against other ways to compute it."""
