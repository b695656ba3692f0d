"""The shop over HTTP: Falcon resources around the use cases of `mechanic_core`."""
