"""Nothing bypasses the hub: the case system's contacts against the hub's, both ways."""
