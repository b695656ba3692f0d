"""Records, values and threads for the suite; tests of yours may use them too."""
