"""What all servers of our own share: free ports, an end, and how to say that there is none."""

import signal
import socket
import subprocess


class ServerNotHad(Exception):
    """A server can not be had on this machine; the text says which, and what to do."""


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens at now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(port.getsockname()[1]) for port in held]
    for port in held:
        port.close()
    return ports


def end(process: "subprocess.Popen[bytes]", number: signal.Signals, patience_s: float) -> None:
    """The process has ended, by this signal, or else killed."""
    process.send_signal(number)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
