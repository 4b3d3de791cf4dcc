"""Labelled data sets in batches: on this machine's processes, or on a cluster's."""
