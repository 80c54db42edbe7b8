"""Tests of `corral serve` whose workers are the fake llama-cli (tests/fake_llama_cli/script.hpp), and what its log and the
supervisor's CPU time tell them."""
import os
import pathlib
import tempfile
import time

from corral import FAKE_LLAMA_CLI, CorralTest
from processes import PROC, stat, wait_for

COUNT = "Count to 20."
TWENTY = " ".join(map(str, range(1, 21)))
QUICK_RESTART = {"initial": "20ms", "max": "100ms", "storm_deaths": 1000}


class FakedTest(CorralTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="corral-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.marks = 0

    def fake(self, script="", workers=1, ready=True, pool=None, **sections):
        pool = {"llama_cli": FAKE_LLAMA_CLI, "env": {"FAKE_LLAMA_CLI": f"{script} log={self.folder}/events"}} | (pool or {})
        return self.daemon(workers=workers, pool=pool, ready=ready, **{"health": {"interval": "1h"}} | sections)

    def public_folder(self):
        """A folder for a daemon whose socket other users are to reach."""
        public = self.folder / "public"
        public.mkdir()
        for folder in (self.folder, public):
            folder.chmod(0o755)
        return public

    def events(self, kind):
        """The lines of the fakes' log that tell of `kind`: "start", "request", "exit"."""
        file = self.folder / "events"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line for line in lines if line.split()[1] == kind]

    def starts(self):
        return len(self.events("start"))

    def requests(self):
        return len(self.events("request"))

    def once(self, cue):
        """The cue for the first process alone that comes by it."""
        self.marks += 1
        return f"[once {self.folder}/mark-{self.marks} {cue}]"

    def wait_other_pids(self, daemon, pids):
        """Waits until every worker is ready and none is one of `pids`."""
        wait_for(lambda: set(daemon.states()) == {"ready"} and not set(daemon.pids()) & set(pids), "other processes")


def descriptors(pid):
    """How many of a process are open."""
    return len(os.listdir(PROC / str(pid) / "fd"))


def cpu_seconds(pid):
    return sum(map(int, stat(pid)[11:13])) / os.sysconf("SC_CLK_TCK")


class CpuWatch:
    """The share of one core that a process used since the watch was made."""

    def __init__(self, pid):
        self.pid, self.cpu, self.start = pid, cpu_seconds(pid), time.monotonic()

    def share(self):
        return (cpu_seconds(self.pid) - self.cpu) / (time.monotonic() - self.start)
