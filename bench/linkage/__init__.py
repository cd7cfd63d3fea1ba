"""Linkage quality and speed, measured on children who never existed."""
