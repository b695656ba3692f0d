"""Tests of access tokens: verification, attacks, and the standards item by item."""
