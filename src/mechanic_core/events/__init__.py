"""Events: what has changed in the shop, in order, for mirrors and listeners."""
