"""Signed statements: what a sender can show to others, and the hub cannot take back.

A statement document is `{"statement": {…}, "signature": {"algorithm": "Ed25519", "key_id": …, "value": base64}}`. The signature
is over the statement as JSON with sorted keys, no blanks, UTF-8. Whoever has the public key can check it.
"""

import base64
import binascii
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


class KeyRefused(ValueError):
    """A key file cannot be used. Says which and why, never what is in it."""


class StatementKey:
    """The hub's key for statements."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def at(cls, path: Path, *, make: bool) -> "StatementKey":
        """The key in a PEM file; with `make` it is made when there is none, once however many processes ask.

        Raises `KeyRefused`.
        """
        try:
            if make and not path.exists():
                _make(path)
            key = load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise KeyRefused(f"The key {path} cannot be read: {error.strerror}.") from None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyRefused(f"The key {path} is no private key in PEM without a passphrase.") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyRefused(f"The key {path} is not an Ed25519 key.")
        return cls(key)

    @property
    def public_pem(self) -> str:
        """What senders are given, to check with."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, statement: dict[str, Any]) -> dict[str, Any]:
        """The document."""
        value = base64.b64encode(self._key.sign(_signed_bytes(statement))).decode()
        key_id = key_id_of(self._key.public_key())
        return {"statement": statement, "signature": {"algorithm": "Ed25519", "key_id": key_id, "value": value}}


def key_id_of(key: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def public_key(pem: bytes) -> Ed25519PublicKey:
    """A public key, or that of a private one, from PEM. Raises `KeyRefused`."""
    try:
        found = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("This is no public key in PEM.") from None
    if not isinstance(found, Ed25519PublicKey):
        raise KeyRefused("This is not an Ed25519 key.")
    return found


def is_genuine(document: Any, key: Ed25519PublicKey) -> bool:
    """Whether the statement in a document is, to the letter, what the owner of the key signed."""
    try:
        value = base64.b64decode(document["signature"]["value"], validate=True)
        key.verify(value, _signed_bytes(document["statement"]))
    except (InvalidSignature, KeyError, TypeError, ValueError, binascii.Error):
        return False
    return True


def _signed_bytes(statement: Any) -> bytes:
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Made for its owner alone; a link fails where another process was first, and then that one's key counts.
    handle, made = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(made, path)
        except FileExistsError:
            return
    finally:
        os.unlink(made)
