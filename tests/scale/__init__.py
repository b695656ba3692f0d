"""The shop on more than one machine, on the engines that people use for it."""
