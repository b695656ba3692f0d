"""What customers owe: the statement of one, and the receivables of all by age."""
