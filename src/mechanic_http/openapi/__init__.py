"""The OpenAPI document, read from what the endpoints declare and the rules on their types."""
