"""Tests of ops/casebook."""
