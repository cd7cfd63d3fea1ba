"""Tests of what the readers of education, police and social care share."""
