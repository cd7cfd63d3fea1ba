"""Every contact with what happened to it, read from the log: what reports, exports and the reconciliation are made of."""
