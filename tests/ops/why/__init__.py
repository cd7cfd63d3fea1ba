"""Tests of ops/why."""
