"""Attacks on a running server: each test is named after the promise that it checks."""
