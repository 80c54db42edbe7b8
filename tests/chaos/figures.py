"""What a run found: figures for the table, and broken invariants with what is needed to understand them."""
import threading

LOG_LINES = 40


def percentile(values, share):
    """The smallest of the values that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)] if ordered else None


def spread(seconds):
    """Durations as "p50 / p99 / max (count)" in milliseconds."""
    if not seconds:
        return "none"
    shown = " / ".join(f"{1000 * value:.3g}" if value < 1 else f"{1000 * value:.0f}"
                       for value in (percentile(seconds, 50), percentile(seconds, 99), max(seconds)))
    return f"{shown} ms ({len(seconds)})"


def jain(shares):
    """Jain's fairness index: 1 when all shares are equal, 1/n when one has everything."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 0.0


class Findings:
    """Of one scenario; its threads share it."""

    def __init__(self, scenario, strict):
        self.scenario = scenario
        self.strict = strict
        self.figures = []
        self.violations = []
        self.lock = threading.Lock()

    def figure(self, name, value):
        self.figures.append((name, str(value)))

    def violation(self, what, daemon=None):
        """An invariant is broken: what happened, and the end of the log as it is now."""
        with self.lock:
            self.violations.append(what)
            print(f"VIOLATION in {self.scenario}: {what}", flush=True)
            if daemon and len(self.violations) <= 5:
                print("".join(f"    | {line}\n" for line in daemon.log().splitlines()[-LOG_LINES:]), end="", flush=True)

    def require_in_time(self, holds, what, daemon=None):
        """A limit of time: only a machine that is not busy with other things can be held to it."""
        if self.strict:
            self.require(holds, what, daemon)

    def require(self, holds, what, daemon=None):
        if not holds:
            self.violation(what, daemon)


def table(rows):
    """(scenario, figure, value) as a table of Markdown."""
    lines = ["| scenario | figure | value |", "|---|---|---|"]
    previous = None
    for scenario, name, value in rows:
        lines.append(f"| {scenario if scenario != previous else ''} | {name} | {value} |")
        previous = scenario
    return "\n".join(lines)
