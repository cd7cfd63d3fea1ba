"""How long a killed worker takes until it has caught up, with many open cases and several updates behind each."""
