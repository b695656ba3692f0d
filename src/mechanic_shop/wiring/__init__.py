"""The composition root: adapters, use cases and the HTTP layer put together by hand."""
