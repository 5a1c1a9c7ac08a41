"""A soak: a training that is killed at random moments, and resumes each time on another engine."""
