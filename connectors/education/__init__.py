"""The education edge: what that agency sends and receives."""
