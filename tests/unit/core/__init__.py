"""Tests of the core: records, rules and use cases, without input or output."""
