"""How to log in to a secured cluster: a file in the words that Kafka's own tools use, `name=value` a line.

The names are librdkafka's, as in kcat's `-F`: security.protocol, sasl.mechanism, sasl.username, sasl.password,
ssl.ca.location, ssl.certificate.location, ssl.key.location, ssl.key.password. Other names are refused, so that a
misspelt one does not silently connect without a password.
"""

from pathlib import Path

_NAMES = {
    "security.protocol": "security_protocol",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.mechanisms": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "ssl.ca.location": "ssl_cafile",
    "ssl.certificate.location": "ssl_certfile",
    "ssl.key.location": "ssl_keyfile",
    "ssl.key.password": "ssl_password",
}


class ClientConfigRefused(ValueError):
    """A file that cannot be used. Names the line, never a value."""


def admin_login(path: Path) -> dict[str, str]:
    """What kafka-python's clients need to log in. Raises `ClientConfigRefused`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ClientConfigRefused(f"{path} cannot be read: give the path of a text file with name=value lines") from None
    settings: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        known = _NAMES.get(name.strip())
        if known is None or not equals:
            raise ClientConfigRefused(f"{path}, line {number}: not one of {', '.join(_NAMES)} with = and a value")
        settings[known] = value.strip()
    return settings
