"""Tests with real databases, servers and sockets."""
