"""Tests of the social care edge."""
