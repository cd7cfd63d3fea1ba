"""Tests of the view and of the commands that read it."""
