"""From a Falcon request to one use case and back to a Falcon response."""
