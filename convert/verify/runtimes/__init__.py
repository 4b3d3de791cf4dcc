"""What can execute a variant: one file per family, one table (`registry.py`)."""
