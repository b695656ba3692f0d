"""What happens to every request, whatever it is about: each file one thing."""
