"""Numbers and health for those who run the hub: one read-only process that Prometheus scrapes. It decides nothing."""
