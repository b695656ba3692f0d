"""Vehicles of the customers."""
