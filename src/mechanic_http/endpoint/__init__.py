"""The mechanism between Falcon and the use cases: one request to one call and back."""
