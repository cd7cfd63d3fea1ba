"""What travels between the rooms: record models, topics, code sets, identifiers, calendars."""
