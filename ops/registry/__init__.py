"""A read-only schema registry over the committed schemas, as Confluent's clients ask it."""
