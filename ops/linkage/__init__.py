"""What people run to link records and to train the linkage model."""
