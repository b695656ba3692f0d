"""Files of SQLite: who may read one, and who waits for whom."""
