"""Estimates, decisions and what is authorized."""
