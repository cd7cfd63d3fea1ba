"""Writing records of the log again: chosen by place, time, key or error, under a name and a reason."""
