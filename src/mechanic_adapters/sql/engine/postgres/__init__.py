"""Sessions of PostgreSQL: where its servers are, why one refuses, how long an answer may take."""
