"""Benchmark programs: what the shop costs, compared with its peers and layer by layer."""
