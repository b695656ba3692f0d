"""The shop's profile: what it says of itself, and the calendar that it goes by."""
