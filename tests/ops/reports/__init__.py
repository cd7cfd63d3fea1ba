"""Reports from the log."""
