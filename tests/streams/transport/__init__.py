"""The transport's proof, on a real broker: workers that are killed, paused and cut off, and what is left afterwards."""
