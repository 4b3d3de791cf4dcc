"""The proof that a bundle's variants give the answers that the Keras model gave.

Measuring (`measure.py`, in the runtimes of `runtimes/`) is kept apart from judging (`judge.py`, by
the limits of `gates.py`), so that each can be checked on its own.
"""
