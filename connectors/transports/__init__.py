"""Ways in and out of the hub: HTTP, MLLP, drop folder."""
