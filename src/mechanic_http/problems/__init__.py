"""Problem documents: `application/problem+json` (RFC 9457)."""
