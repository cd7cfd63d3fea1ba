"""A day on the stepped clock: a timetable driven through the real transports of a real stack."""
