"""Vehicles: what customers bring."""
