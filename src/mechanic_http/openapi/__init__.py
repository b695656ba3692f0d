"""The OpenAPI document, read from what the endpoints promise and the rules on their types."""
