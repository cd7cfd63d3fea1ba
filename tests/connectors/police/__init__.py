"""Tests of the police edge."""
