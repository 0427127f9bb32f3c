"""What comes in from outside a step: answers of jobs, messages of other instances."""
