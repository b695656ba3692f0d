"""Password hashing, signing keys, access tokens and their revocation."""
