"""Connections that other local users made: the kernel remembers who connected, so the test may use them itself."""
import http.client
import os
import socket
import subprocess
import sys
import unittest

from http_client import TIMEOUT

# Becomes somebody else only when it runs: the interpreter may lie where nobody else may look.
CONNECT = """
import os, socket, sys
path, count, channel, uid, gid, *groups = sys.argv[1], *map(int, sys.argv[2:])
channel = socket.socket(fileno=channel)
os.setgroups(groups)
os.setresgid(gid, gid, gid)
os.setresuid(uid, uid, uid)
for _ in range(count):
    made = socket.socket(socket.AF_UNIX)
    made.connect(path)
    socket.send_fds(channel, [b"x"], [made.fileno()])
    made.close()
"""

as_root = unittest.skipUnless(os.geteuid() == 0, "only root can be somebody else")


class PeerConnection(http.client.HTTPConnection):
    def __init__(self, connected):
        super().__init__("localhost", timeout=TIMEOUT)
        connected.settimeout(TIMEOUT)
        self.sock = connected
        self.auto_open = False


def connect_as(path, uid, gid=None, groups=(), count=1):
    """Connections to the socket that were made by the user; fails with PermissionError if the file's mode forbids it."""
    ours, theirs = socket.socketpair()
    words = [path, count, theirs.fileno(), uid, uid if gid is None else gid, *groups]
    command = [sys.executable, "-I", "-c", CONNECT, *map(str, words)]
    with ours, theirs:
        ended = subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True)
        theirs.close()
        made = []
        while len(made) < count:
            data, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
            if not data:
                break
            made.append(PeerConnection(socket.socket(fileno=descriptors[0])))
        errors = ended.communicate()[1]
    if "PermissionError" in errors:
        raise PermissionError(errors)
    if ended.returncode != 0:
        raise AssertionError(errors)
    return made
