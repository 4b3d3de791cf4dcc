"""The wheels that a Raspberry Pi installs, run on this machine by qemu, without a Raspberry Pi."""
