"""Mechanics and managers, and the leaderboard."""
