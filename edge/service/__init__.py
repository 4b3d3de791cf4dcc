"""A board's model as a service of systemd: the unit, and what the loop tells systemd."""
