"""Recipes: one command each, from data to a result file."""
