"""What the shop costs, beside its rivals and layer by layer: programs to be run by hand."""
