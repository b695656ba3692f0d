"""The response cache: responses are stored until a write may have changed them.

Each entry is stored with the generations of the nouns that it was made from, read before it was
made. A commit that writes a noun starts a new generation of it, and entries of former generations
are never read again: a response that was made during a write does no harm (invalidation by
generation).

In memory, a write is visible to the next read of the process; with a Redis server, to the next
read of any process. An older response may be read, up to the time to live and never longer: in
memory, after a write of another process; with a Redis server, after a write of a process that died
between its commit and the invalidation, or that lost its connection to the server.
"""
