"""A throw-away shop with a year behind it, made through the use cases."""
