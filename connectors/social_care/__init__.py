"""The social care edge: what that agency sends and receives."""
