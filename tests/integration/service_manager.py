"""The service manager's side of sd_notify(3), played by a test."""
import os
import pathlib
import socket
import tempfile
import threading

from processes import wait_for


class NotifySocket:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="corral-notify-")
        self.path = pathlib.Path(self.folder.name) / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.told = []  # every assignment, in order
        # Ten messages that nobody takes are all that such a socket holds; the next one would hold its sender up.
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while message := self.socket.recv(1 << 16):
            self.told += message.decode().splitlines()

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(self.path))
        self.reader.join()
        self.socket.close()
        self.folder.cleanup()

    def environment(self, watchdog_ms=None):
        watchdog = {"WATCHDOG_USEC": str(watchdog_ms * 1000)} if watchdog_ms else {}
        return {"NOTIFY_SOCKET": str(self.path)} | watchdog

    def take(self):
        """Everything told so far."""
        return list(self.told)

    def count(self, assignment):
        return self.take().count(assignment)

    def last(self, name):
        """The last value of an assignment, or None."""
        values = [line.partition("=")[2] for line in self.take() if line.startswith(name + "=")]
        return values[-1] if values else None

    def wait(self, assignment, times=1, deadline=30.0):
        wait_for(lambda: self.count(assignment) >= times, f"{assignment} told {times} times; told: {self.told}", deadline)

    def wait_last(self, name, value, deadline=15.0):
        wait_for(lambda: self.last(name) == value, f"{name}={value}; told: {self.told}", deadline)


def in_place(program, *options, environment=None):
    """systemd-socket-activate with what it is to pass on; it execs the command that follows at the first connection."""
    passed = os.environ | (environment or {})
    return [program, *options, *(f"-E{name}={value}" for name, value in passed.items())]
