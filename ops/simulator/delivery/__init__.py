"""What leaves the hub: the delivering process itself on a log in memory, in virtual time, towards partners that fail."""
