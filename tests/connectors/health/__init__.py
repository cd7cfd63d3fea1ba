"""Tests of the health edge."""
