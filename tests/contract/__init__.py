"""The OpenAPI document is compatible with the released one."""
