"""A client of one MESH mailbox, for reading it and for writing from it. It waits: for a thread of its own."""

from mesh_client import MeshClient

from connectors.channels import MeshAccount


def connect(account: MeshAccount, password: str, shared_key: str, *, retries: int, timeout: int) -> MeshClient:
    """A client that has shaken hands. `timeout` in seconds, for one request. Raises `OSError`, `MeshError`, `ValueError`."""
    certified = account.client_certificate and account.client_key
    client = MeshClient(
        account.url,
        account.mailbox,
        password,
        shared_key=shared_key.encode(),
        cert=(str(account.client_certificate), str(account.client_key)) if certified else None,
        verify=str(account.ca_file) if account.ca_file else None,
        max_retries=retries,
        timeout=timeout,
        application_name="frontdoor",
    )
    try:
        # MESH asks for one at the beginning, and it proves the credentials.
        client.handshake()  # type: ignore[no-untyped-call]
    except BaseException:
        client.close()  # type: ignore[no-untyped-call]
        raise
    return client
