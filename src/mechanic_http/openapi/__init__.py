"""The OpenAPI document and the Postman collection, generated from operations and types."""
