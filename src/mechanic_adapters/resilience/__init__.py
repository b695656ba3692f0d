"""Protection of requests from side stores that fail or are slow, such as a Redis server."""
