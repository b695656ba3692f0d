"""What is special about the store on PostgreSQL."""
