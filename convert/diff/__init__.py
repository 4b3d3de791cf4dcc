"""Which layer of a variant departs from Keras: every intermediate tensor of both, compared."""
