"""Trained models that come with the package: each folder here is a reduced run (`docs/zoo.md`)."""
