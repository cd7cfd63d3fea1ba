"""Delivery: what stands on `outbound.<agency>` reaches its recipient, at least once, in order, or somebody is told."""
