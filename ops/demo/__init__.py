"""The demo: a long weekend of our own making, run as a day, and checked against what its script expects."""
