"""When corral noticed what: the lines of its log (log.level debug) about each worker, with their own timestamps."""
import bisect
import re
import threading
import time

from processes import wait_for

LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{3}) \w+ worker ([^:]+): (.*)")
# A death as it is first told: by whoever held the worker, or by the worker itself.
NOTICED = re.compile(r"lost with a request|; starting it again|replaced: ")
STATES = {"starting", "ready", "busy", "recovering", "checking", "retiring", "backoff", "stopping", "stopped"}
RESOLUTION = 0.001  # of the timestamps: a line may bear a time that much before it was written


class Journal:
    def __init__(self, daemon):
        self.file = daemon.errors.open("rb")
        self.partial = b""
        self.seconds = {}  # of the timestamps, which repeat
        self.lines = {}    # of each worker: (time, text)
        self.lock = threading.Lock()

    def close(self):
        self.file.close()

    def parse_time(self, second, millisecond):
        if second not in self.seconds:
            self.seconds = {second: time.mktime(time.strptime(second, "%Y-%m-%d %H:%M:%S"))}
        return self.seconds[second] + int(millisecond) / 1000

    def of(self, worker):
        """The lines of a worker so far, oldest first."""
        with self.lock:
            *whole, self.partial = (self.partial + self.file.read()).split(b"\n")
            for line in whole:
                if found := LINE.match(line.decode(errors="replace")):
                    second, millisecond, name, told = found.groups()
                    self.lines.setdefault(name, []).append((self.parse_time(second, millisecond), told))
            return self.lines.setdefault(worker, [])

    def first(self, worker, since, matches):
        """The time of the first line from `since` on that matches, if there is one."""
        lines = self.of(worker)
        start = bisect.bisect_left(lines, since - RESOLUTION, key=lambda line: line[0])
        return next((at for at, told in lines[start:] if matches(told)), None)

    def noticed(self, worker, since, deadline):
        """When a death since then was noticed."""
        return wait_for(lambda: self.first(worker, since, NOTICED.search), f"the death of {worker} being noticed", deadline)

    def entered(self, worker, state, since, deadline):
        return wait_for(lambda: self.first(worker, since, lambda told: told == state), f"{worker} being {state}", deadline)

    def freed(self, worker, since, deadline):
        """When the worker was ready again after the first lease since then."""
        def found():
            lines = self.of(worker)
            start = bisect.bisect_left(lines, since - RESOLUTION, key=lambda line: line[0])
            states = iter([line for line in lines[start:] if line[1] in ("ready", "busy")])
            leased = any(told == "busy" for _, told in states)
            return leased and next((at for at, told in states if told == "ready"), None)
        return wait_for(found, f"{worker} being ready after a lease", deadline)

    def states_between(self, worker, start, end):
        """The state that held at `start` and those entered up to the end of that process, at `end` at the latest."""
        states = [(at, told) for at, told in self.of(worker) if told in STATES and at <= end]
        before = [told for at, told in states if at <= start][-1:]
        after = [told for at, told in states if at > start]
        return before + after[:after.index("backoff") if "backoff" in after else None]
