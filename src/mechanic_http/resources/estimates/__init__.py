"""Estimates, what customers decide on them, and links to them over HTTP."""
