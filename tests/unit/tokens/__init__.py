"""Tests of access tokens: what is read back, and whatever else comes."""
