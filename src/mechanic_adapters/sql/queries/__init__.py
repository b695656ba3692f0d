"""SELECT statements that several repositories share or that need a module of their own."""
