"""Falcon middleware, in the order of `mechanic_http.app`."""
