"""The same child, from many senders: who a report is about, decided one report at a time."""
