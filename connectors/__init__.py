"""The edges: one folder an agency, readers and writers pure, transports and one runner."""
