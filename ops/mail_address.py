"""Whether mail can be addressed to what somebody typed."""

from email.errors import MessageError
from email.headerregistry import Address


def mail_address(text: str, name: str = "") -> Address:
    """One address, alone, with the name of whose it is. Raises `ValueError`."""
    try:
        found = Address(name, addr_spec=text)
    except (MessageError, ValueError, AttributeError, IndexError):
        # The library's parser stumbles over some of what is none.
        raise ValueError("that is no mail address") from None
    if "@" not in text[1:-1] or found.addr_spec != text or any(ch.isspace() or ch in ",;<>" for ch in text):
        raise ValueError("that is no mail address")
    return found
