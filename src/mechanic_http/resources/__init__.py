"""The shop's nouns as HTTP resources: what each takes and gives, and nothing else."""
