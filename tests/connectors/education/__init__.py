"""Tests of the education edge."""
