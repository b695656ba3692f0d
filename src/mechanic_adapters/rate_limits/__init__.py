"""Rate limits: exact sliding windows, in this process or shared in a Redis server."""
