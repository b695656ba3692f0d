"""Fault injection: real faults, and what they cost a running shop."""
