"""What the clock worker's decisions cost: a tick, a midnight, an open case."""
