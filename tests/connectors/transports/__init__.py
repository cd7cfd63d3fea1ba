"""Tests of the transports, on a real broker."""
