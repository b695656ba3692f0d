"""Behaviour of the SQL store on PostgreSQL only."""
