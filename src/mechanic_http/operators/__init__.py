"""Endpoints for the operator of the server: health checks and metrics."""
