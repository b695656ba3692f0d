"""The interface as it was last released, and whether today's still keeps its word."""
