"""The API checked with Schemathesis, newman, Spectral and a generated client."""
