"""A strict WSGI server: guarded waitress in one process or several, or granian.

It serves any WSGI application and imports nothing of the shop.
"""
