"""Sends one HL7 v2 message over MLLP and prints the receipt. Python 3.11 or later, nothing to install.

    python send_mllp.py HOST PORT FILE

The answer AA with a receipt in MSA-3 means stored. AR means not stored: send again on the same connection, later.
"""

import re
import socket
import sys
import time
from pathlib import Path

START, END = b"\x0b", b"\x1c\r"


def answer(connection: socket.socket) -> str:
    """The next frame, without its marks."""
    received = b""
    while not received.endswith(END):
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("closed before an answer; whether it was stored is not known: send it again")
        received += data
    return received.strip(START + END).decode()


host, port, file = sys.argv[1:]
# Segments end with a carriage return, whatever an editor made of the file.
message = b"\r".join(re.split(rb"[\r\n]+", Path(file).read_bytes().strip())) + b"\r"
with socket.create_connection((host, int(port)), timeout=30) as connection:
    for tries in range(6):
        connection.sendall(START + message + END)
        said = answer(connection)
        code, _, text = next(line.split("|")[1:4] for line in said.split("\r") if line.startswith("MSA|"))
        if code == "AA":
            print(text)
            sys.exit(0)
        print(f"{code}: {text}", file=sys.stderr)
        time.sleep(2**tries)
sys.exit("not stored: keep the message and send it again later")
