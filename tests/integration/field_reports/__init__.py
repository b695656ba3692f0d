"""Troubles of other people's shops, tried here over HTTP on both databases."""
