"""Use cases of service tickets, one module for each part of the workday."""
