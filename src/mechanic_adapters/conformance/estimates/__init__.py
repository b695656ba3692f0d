"""The contracts of the ports of estimates."""
