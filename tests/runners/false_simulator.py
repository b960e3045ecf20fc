"""Speaks like a simulator process, and dies as it is told: ``false_simulator.py FILE`` takes the first line of FILE.

``kill N``: dies by signal N in mid-test; ``memory``: as C++ does without memory; ``half``: half an answer; ``exit``:
ends as after $finish; ``start N``: dies by signal N before the first cycle; ``late N``: dies by it after its answer;
``answer`` (also where no line is left): plays three cycles.
"""

import json
import os
import socket
import struct
import sys
from pathlib import Path


def main() -> None:
    file = Path(sys.argv[1])
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[1:]))
    word, *rest = (lines or ["answer"])[0].split()
    number = int(rest[0]) if rest else 0
    if word == "start":
        os.kill(os.getpid(), number)
    config = json.loads(os.environ["DV_AGENT_CHILD"])
    connection = socket.socket(fileno=config["socket"])
    send(connection, {"ready": True})
    (length,) = struct.unpack("<I", connection.recv(4))
    connection.recv(length)
    os.pwrite(config["recording"], (3).to_bytes(8, "little"), 0)
    os.pwrite(config["recording"], b"010", 64)
    if word == "kill":
        os.kill(os.getpid(), number)
    if word == "memory":
        sys.stderr.write("terminate called after throwing an instance of 'std::bad_alloc'\n")
        sys.stderr.flush()
        os.abort()
    if word == "half":
        connection.sendall(struct.pack("<I", 9) + b"{")
    if word in ("half", "exit"):
        os._exit(0)
    send(connection, {"end": "drained"})
    if word == "late":
        os.kill(os.getpid(), number)


def send(connection: socket.socket, data: object) -> None:
    body = json.dumps(data).encode()
    connection.sendall(struct.pack("<I", len(body)) + body)


main()
