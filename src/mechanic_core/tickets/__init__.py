"""Service tickets: jobs on vehicles, from the complaint to the keys handed back."""
