"""The shop inside the programs of others."""
