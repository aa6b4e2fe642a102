"""What the recipes of the algorithmic tasks share: runs that can be resumed, curves, pictures, the command line."""
