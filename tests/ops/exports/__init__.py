"""Tests of ops/exports."""
