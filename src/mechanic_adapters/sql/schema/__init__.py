"""Tables, columns and constraints."""
