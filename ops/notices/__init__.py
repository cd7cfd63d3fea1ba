"""Messages to people before it is too late, by mail and webhook: what is urgent, what is still open, what has failed."""
