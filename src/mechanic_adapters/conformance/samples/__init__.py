"""Records, values and threads that the tests of the suite use; yours may use them too."""
