"""Measurements anybody can repeat."""
