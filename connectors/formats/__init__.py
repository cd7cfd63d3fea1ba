"""The published formats of our own invention: JSON Schema and XSD files that a partner can validate against."""
