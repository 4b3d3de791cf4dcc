"""Layers left in float: those that the user names, or the fewest that meet the gates."""
