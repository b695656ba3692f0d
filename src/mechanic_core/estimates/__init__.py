"""Estimates, what the customer decides on them, and how far a bill may go."""
