"""From a bundle to the models of a board: packed, installed whole or not at all, and undone."""
