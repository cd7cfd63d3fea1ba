"""The health edge: what that agency sends and receives."""
