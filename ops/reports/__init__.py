"""Reports about how children are served, worked out from the log."""
