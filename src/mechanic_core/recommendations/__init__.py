"""Recommendations: work that the customer has declined."""
