"""Customers: the people who bring vehicles."""
