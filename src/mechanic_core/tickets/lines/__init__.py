"""The lines of a ticket: parts, labour and charges."""
