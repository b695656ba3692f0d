"""The composition root: adapters, use cases and HTTP put together by hand."""
