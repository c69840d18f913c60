"""What waits for a person to see to: opened by the registry, closed by an operator or by what happens meanwhile."""
