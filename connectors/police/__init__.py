"""The police edge: what that agency sends and receives."""
