"""The HTTP side through its WSGI application, on a shop in memory."""
