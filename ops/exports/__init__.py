"""Exports: what inspectors, the Department for Education and analysts ask for, made from the log."""
