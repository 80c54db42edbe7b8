"""How long /health and /ready take, asked all the time by a process that does nothing else, and what they cost corral."""
import pathlib
import time

from http_client import UnixConnection, exchange

PAUSE = 0.02
COUNTED = 2000
STATUSES = {"/health": (200,), "/ready": (200, 503)}


def probe(socket, since, until):
    """For each path the seconds of every answer since then; and what was no answer."""
    report = {"took": {path: [] for path in STATUSES}, "wrong": []}
    while time.time() < until:
        for path, statuses in STATUSES.items():
            connection = UnixConnection(socket)
            try:
                began = time.time()
                answer = exchange(connection, "GET", path)
                now = time.time()
            finally:
                connection.close()
            if answer.status not in statuses:
                report["wrong"].append(f"{path}: {answer.status} {answer.body[:200]!r}")
            elif now > since:
                report["took"][path].append(now - began)
        time.sleep(PAUSE)
    return report


def cpu_seconds_each(daemon, path):
    """The CPU time of corral for one answer, connection included, while it has nothing else to do."""
    def used():
        return int(pathlib.Path(f"/proc/{daemon.process.pid}/schedstat").read_text().split()[0]) / 1e9
    before = used()
    for _ in range(COUNTED):
        daemon.get(path)
    return (used() - before) / COUNTED
