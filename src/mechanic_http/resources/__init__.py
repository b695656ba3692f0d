"""The REST resources of the API, one module for each tag of the OpenAPI document."""
