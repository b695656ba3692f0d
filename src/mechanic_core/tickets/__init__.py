"""Service tickets (repair orders): the record, its workflow and its history."""
