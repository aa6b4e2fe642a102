"""Speed and memory of the grid, compared with its unavoidable matrix products and with other ways to compute it.

The measurements import `reencoder`, whose functions they time; the rest of `eval` reaches it through fairseq's command
lines only.
"""
