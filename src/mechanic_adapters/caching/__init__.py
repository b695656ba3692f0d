"""Caches around the ports: what is read often is kept until a write may have changed it.

Each answer is kept with the generations of the nouns it was made of, read before it was made;
a commit that writes a noun moves its generation on, and answers of former generations are
never read again. So a fill that raced a write does no harm.

In process, a write is seen by the next read of the process; with Redis or Valkey, by the next
read in any process. What may be read for longer, up to the time to live and never beyond it:
in process, what another process wrote; with Redis or Valkey, what a process wrote that died
between its commit and moving the generation on, or that lost the cache while others had it.
"""
