"""Tests of the shop put together, without input or output."""
