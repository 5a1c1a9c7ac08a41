"""What a rule would give if it had a mistake of a known kind: pure functions of a view of one argument."""
