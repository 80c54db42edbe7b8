"""Ten times more requests than the workers can answer, by four users of whom one is greedy."""
import json
import os
import select
import signal
import time

from decisions import decisions
from figures import jain, percentile, spread
from machine import resident_mib
from overload_client import Overloader
from probes import cpu_seconds_each, probe
from running import running

QUESTION = "Count to 50."
# (user, outstanding requests). The second line belongs to the greedy user, too: a process with a hundred threads is too
# slow a clock, so refusals are timed by one that does nothing else.
CLIENTS = (("greedy", 99), ("greedy", 1), ("b", 16), ("c", 16), ("d", 16))
TIMED = 1
TIMED_PAUSE = 0.02  # of whoever is refused and is not the crowd of the greedy one
USERS = {"greedy": 64001, "b": 64002, "c": 64003, "d": 64004}  # ids of nobody
QUEUE = 32
OVERLOAD = 10
RSS_LIMIT_MIB = 2
PATIENCE = 90.0


def pause_of_greedy(rate):
    """Of its connections those that find no place in the queue ask ten times as often as all four users are answered."""
    return (CLIENTS[0][1] - QUEUE) / (OVERLOAD * rate * len(USERS))


def start_reporter(make_report, uid=None):
    """(pid, the end of a pipe on which it reports). A fork, because another user may not be able to read these files."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    code = 1
    try:
        if uid is not None:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
        report = make_report()
        with os.fdopen(writer, "w") as pipe:
            json.dump(report, pipe)
        code = 0
    finally:
        os._exit(code)


def start_client(daemon, outstanding, pause_at, random, times, uid):
    return start_reporter(lambda: Overloader(daemon.socket, QUESTION, outstanding, pause_at, random).run(*times), uid)


def gather(clients, until, sample):
    """What each client reports, sampling meanwhile; one that does not end is killed."""
    texts = {reader: b"" for _, reader in clients}
    open_readers = set(texts)
    while open_readers and time.time() < until + PATIENCE:
        for reader in select.select(list(open_readers), [], [], 0.25)[0]:
            text = os.read(reader, 1 << 16)
            texts[reader] += text
            if not text:
                open_readers.discard(reader)
        if time.time() < until:
            sample()
    for pid, reader in clients:
        if reader in open_readers:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)
    return [json.loads(texts[reader]) if texts[reader] else None for _, reader in clients]


def overload(findings, seed, seconds, workers=2):
    several_users = os.geteuid() == 0
    listen = {"queue": {"limit": QUEUE, "timeout": "10m"}, "http": {"max_connections": 1024}}
    with running(workers=workers, **listen) as daemon:
        daemon.folder.chmod(0o711)
        daemon.socket.chmod(0o666)
        warm_up = time.time() + seconds / 5
        until = warm_up + seconds * 4 / 5
        memory = []

        def sample():
            memory.append((time.time(), resident_mib(daemon.process.pid)))

        prober = start_reporter(lambda: probe(daemon.socket, warm_up, until))
        clients = [start_client(daemon, outstanding, pause_of_greedy if index == 0 else lambda _: TIMED_PAUSE,
                                decisions(seed, findings.scenario, index), (warm_up, until), USERS[name] if several_users else None)
                   for index, (name, outstanding) in enumerate(CLIENTS)]
        *reports, probes = gather([*clients, prober], until, sample)
        findings.require(all(reports) and probes, "a client died or did not end", daemon)
        if probes:
            report_probes(findings, daemon, probes)
        if all(reports):
            report(findings, daemon, reports, [mib for at, mib in memory if at >= warm_up], several_users)


def report_probes(findings, daemon, probes):
    for what in probes["wrong"]:
        findings.violation(f"a probe under overload: {what}", daemon)
    for path, took in probes["took"].items():
        findings.figure(f"{path} takes (p50 / p99 / max)", spread(took))
        findings.figure(f"CPU time of corral for one {path}", f"{1e6 * cpu_seconds_each(daemon, path):.0f} µs")


def report(findings, daemon, reports, memory, several_users):
    answered = dict.fromkeys(USERS, 0)
    for (name, _), one in zip(CLIENTS, reports):
        answered[name] += len(one["answered"])
    refused = sum(len(one["refused"]) for one in reports)
    timed = reports[TIMED]["refused"]
    for one in reports:
        for what in one["wrong"]:
            findings.violation(f"an accepted request under overload: {what}", daemon)
    total = sum(answered.values())
    lost = sum(len(one["wrong"]) for one in reports)
    findings.figure("answered / refused with 429 / lost", f"{total} / {refused} / {lost}")
    findings.figure("requests for each that was answered", f"{(total + refused) / max(1, total):.1f}")
    findings.figure("a refusal takes (p50 / p99 / max)", spread(timed))
    findings.figure("answered of each client, the greedy one first", " / ".join(map(str, answered.values())))
    index = jain(answered.values())
    who = "users" if several_users else "connections of one user: not run as root"
    findings.figure(f"Jain's fairness index of the four {who}", f"{index:.3f}")
    if several_users:
        findings.require(index >= (0.95 if findings.strict else 0.8), f"unfair: {answered} answers, Jain's index {index:.3f}", daemon)
    if memory:
        growth = max(memory) - min(memory)
        findings.figure("memory of the supervisor after warm-up (VmRSS)", f"{min(memory):.1f} to {max(memory):.1f} MiB")
        findings.require_in_time(growth <= 2 * RSS_LIMIT_MIB and abs(memory[-1] - memory[0]) <= RSS_LIMIT_MIB,
                                 f"memory is not flat: {memory[0]:.1f} MiB at first, {memory[-1]:.1f} at last")
    waited = [took for one in reports for took in one["answered"]]
    if timed and waited:
        findings.require(percentile(timed, 50) < percentile(waited, 50), "a refusal takes longer than an answer", daemon)
