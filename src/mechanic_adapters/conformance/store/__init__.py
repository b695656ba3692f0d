"""The contract of a store as a whole: transactions, locks, pagination, commit hooks."""
