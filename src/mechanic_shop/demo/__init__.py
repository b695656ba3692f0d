"""A throw-away shop with a simulated year of data, created through the use cases."""
