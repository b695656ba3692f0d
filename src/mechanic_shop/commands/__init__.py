"""The commands: each module defines a command or command group of its own name."""
