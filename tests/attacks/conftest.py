"""The servers that attacks share with integration tests."""

from tests.integration.conftest import nothing_secret_is_logged, postgres, valkey

__all__ = ["nothing_secret_is_logged", "postgres", "valkey"]
