"""Service tickets, their jobs, lines and workflow over HTTP."""
