"""Tests of ops/reconciliation."""
