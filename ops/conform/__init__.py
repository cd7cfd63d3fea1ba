"""Whether an HTTP address takes messages as the hub's connectors promise: the cases that go wrong in practice."""
