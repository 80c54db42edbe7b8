"""What the tests know about processes, all of it from /proc: who lives, whose child, held still or not."""
import contextlib
import os
import pathlib
import signal
import time

PROC = pathlib.Path("/proc")


def wait_for(condition, what, deadline=15.0):
    """The first true value of `condition()`; fails with `what` when there is none before the deadline (seconds)."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline:g} s: {what}")
        time.sleep(0.003)


def stat(pid):
    """The fields of /proc/PID/stat after the name: state, parent, group, session, …; none when there is no such process."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def identity(pid):
    """A process for good: its id may come again, its id with its start time may not."""
    fields = stat(pid)
    return (pid, fields[19]) if fields else None


def alive(process):
    """Whether the process of this identity lives; a zombie does not."""
    fields = stat(process[0])
    return bool(fields) and fields[19] == process[1] and fields[0] not in "ZX"


def all_pids():
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def family(leader):
    """The identities of the leader's session (each daemon of the tests has its own) and of all its descendants."""
    table = {pid: fields for pid in all_pids() if (fields := stat(pid))}
    members = {leader} | {pid for pid, fields in table.items() if int(fields[3]) == leader}
    while more := {pid for pid, fields in table.items() if int(fields[1]) in members} - members:
        members |= more
    return {(pid, table[pid][19]) for pid in members if pid in table}


def send(process, number):
    if alive(process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process[0], number)


def command_line(pid):
    return (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")


def pending(pid, number):
    """Whether the signal was sent to the process and waits for it to run."""
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd:", "ShdPnd:"))]
    return any(mask >> (number - 1) & 1 for mask in masks)


@contextlib.contextmanager
def held(*pids):
    """Holds the processes still (SIGSTOP), so that what would take them milliseconds takes as long as the test needs."""
    processes = [identity(pid) for pid in pids]
    for process in processes:
        send(process, signal.SIGSTOP)
    try:
        wait_for(lambda: all(stat(pid)[0] == "T" for pid in pids), f"{pids} being stopped")
        yield
    finally:
        for process in processes:
            send(process, signal.SIGCONT)
