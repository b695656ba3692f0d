"""The contract, by tools that others have made: schemathesis, newman, Spectral, a generated client."""
