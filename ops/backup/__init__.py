"""Copies of a hub that stands still: made, looked at, and put back."""
