"""Service tickets in SQL: their rows, jobs, lines, prices, owners and histories."""
