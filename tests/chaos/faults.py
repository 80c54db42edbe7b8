"""Signals to the processes of one worker at random moments, and how long corral took to notice and to mend it."""
import collections
import contextlib
import os
import select
import signal
import time

from processes import identity, send, wait_for

PATIENCE = 60.0  # seconds for what has to happen; far beyond every limit that is reported
YOUNG_SHARE = 0.15  # of the signals, to a process that still loads
YOUNG_WITHIN = 0.1
DEADLY = (signal.SIGKILL, signal.SIGSEGV)
NAMES = {signal.SIGKILL: "SIGKILL", signal.SIGSEGV: "SIGSEGV", signal.SIGSTOP: "SIGSTOP", signal.SIGINT: "SIGINT"}

# In seconds from the signal: until the kernel was done with the process (of a kill), until corral noticed, until the worker
# was ready again.
Fault = collections.namedtuple("Fault", "number states gone noticed ready late")


@contextlib.contextmanager
def watched(pid):
    """A function that waits for the exit of the process: True when there was one."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        yield lambda seconds: True
        return
    try:
        yield lambda seconds: bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


class Limits:
    """In seconds, as configured; `deadline` is when a process that does nothing has to be replaced."""

    def __init__(self, stall, interval, timeout, cancel):
        self.stall, self.interval, self.timeout, self.cancel = stall, interval, timeout, cancel

    def sections(self):
        def text(seconds):
            return f"{round(1000 * seconds)}ms"
        return {"timeouts": {"stall": text(self.stall), "cancel": text(self.cancel), "start": "20s"},
                "health": {"interval": text(self.interval), "timeout": text(self.timeout)}}

    def deadline(self, states):
        if states == ["busy"]:
            return self.stall
        # Idle, it may be leased just before its check; or what it had written already ends its answer.
        return self.interval + max(self.stall, self.timeout, self.cancel)


class Hunter:
    """Hunts one worker; `random` draws the kinds from `weights` (signal: weight) and the pauses."""

    def __init__(self, daemon, journal, worker, random, weights, pause, limits):
        self.daemon, self.journal, self.worker, self.random = daemon, journal, worker, random
        self.weights, self.pause, self.limits = weights, pause, limits
        self.faults = []
        self.unmended = None

    def run(self, count):
        for _ in range(count):
            number = self.random.choices(list(self.weights), self.weights.values())[0]
            pause = self.random.expovariate(1 / self.pause)
            early = self.random.random() * YOUNG_WITHIN
            # A stopped process that loads is replaced after timeouts.start only: minutes in all.
            young = self.random.random() < YOUNG_SHARE and number != signal.SIGSTOP
            if not young:
                self.mend()
            time.sleep(early if young else pause)
            self.strike(number, young)
        self.mend()

    def strike(self, number, young):
        process = wait_for(lambda: self.process(young), f"a process of {self.worker}", PATIENCE)
        with watched(process[0]) as exits:
            sent = time.time()
            send(process, number)
            deadly = number in DEADLY and exits(PATIENCE)
            gone = time.time() - sent if deadly else None
        if number == signal.SIGINT:
            # At its prompt it ends the process at the next line, during an answer only that: nothing to wait for.
            self.faults.append(Fault(number, [], None, None, None, False))
            return
        noticed = self.journal.noticed(self.worker, sent, PATIENCE)
        states = self.journal.states_between(self.worker, sent, noticed)
        late = number == signal.SIGSTOP and noticed - sent > self.limits.deadline(states) + 1
        self.faults.append(Fault(number, states, gone, max(0.0, noticed - sent), None, late))
        self.unmended = (len(self.faults) - 1, sent, noticed)

    def mend(self):
        """Waits until the worker is ready again; the time counts for the last process that was killed."""
        if not self.unmended:
            return
        (fault, sent, noticed), self.unmended = self.unmended, None
        ready = self.journal.entered(self.worker, "ready", noticed, PATIENCE)
        self.faults[fault] = self.faults[fault]._replace(ready=ready - sent)

    def process(self, young):
        """The worker's process; one that loads only if it may be young."""
        worker = next(worker for worker in self.daemon.workers() if worker["id"] == self.worker)
        fits = worker["pid"] and (young or worker["state"] not in ("starting", "backoff"))
        return identity(worker["pid"]) if fits else None
