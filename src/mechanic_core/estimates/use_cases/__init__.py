"""Use cases of estimates and of the customer's authorization."""
