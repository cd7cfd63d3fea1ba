"""The deterministic simulator: the hub's own decisions, frontiers and partition states on a log in memory, under every
fault a seed can think of. One seed is one run; a run is the same on every machine."""
