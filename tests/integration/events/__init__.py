"""The event feed of real servers: mirrors, and requests that wait."""
