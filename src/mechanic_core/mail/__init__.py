"""Mail: what the shop has to send, until it is sent."""
