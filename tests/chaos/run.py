"""Faults, leaving clients and overload against the real llama-cli, with invariants that no fault may break; scripts/chaos
says how to call it. Exit code 1 when an invariant is broken."""
import argparse
import pathlib
import random
import resource
import signal
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "integration")]

import http_client
import machine
from disconnects import disconnects
from faults import Limits
from figures import Findings, table
from overload import overload
from prefill import real_prefill, silent_spin
from supervisor_kills import supervisor_kills
from under_faults import CHAOS, KILLS, STOPS, under_faults


def chaos(findings, seed, count):
    under_faults(findings, seed, CHAOS, count)


def kills(findings, seed, count):
    under_faults(findings, seed, KILLS, count, workers=4, storm=False)


def stops(findings, seed, count):
    limits = Limits(stall=0.5, interval=0.3, timeout=0.5, cancel=0.5)
    under_faults(findings, seed, STOPS, count, workers=6, storm=False, limits=limits)


def prefills(findings, _, count):
    # Where other things run, a process may have no CPU for hundreds of milliseconds though it wants it.
    stalls = (0.3, 0.2) if findings.strict else (1.0, 1.0)
    silent_spin(findings, count, stalls[0])
    real_prefill(findings, stalls[1], silence=2.0)


# name: (what runs, what its number is, the number in the long run, in the short run; 0: left out)
SCENARIOS = {
    "chaos": (chaos, "signals of every kind", 600, 18),
    "kills": (kills, "SIGKILLs", 1000, 0),
    "stops": (stops, "SIGSTOPs", 500, 0),
    "disconnects": (disconnects, "clients that leave", 10000, 60),
    "prefills": (prefills, "silent spins", 5, 1),
    "supervisor-kills": (supervisor_kills, "kill -9 of the supervisor", 200, 2),
    "overload": (overload, "seconds", 300, 4),
}


def parsed():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default=None, help="that of an earlier run draws the same decisions")
    parser.add_argument("--short", action="store_true", help="a few of each, no limits of time")
    for name, (_, what, number, _) in SCENARIOS.items():
        parser.add_argument(f"--{name}", type=int, nargs="?", const=number, metavar="N", help=f"{what} ({number})")
    return parser.parse_args()


def chosen(arguments):
    """(name, number) of what is to run: what was named, or everything."""
    told = {name: getattr(arguments, name.replace("-", "_")) for name in SCENARIOS}
    if any(told.values()):
        return [(name, number) for name, number in told.items() if number]
    column = 3 if arguments.short else 2
    return [(name, row[column]) for name, row in SCENARIOS.items() if row[column]]


def main():
    arguments = parsed()
    seed = arguments.seed or str(random.SystemRandom().randrange(10**9))
    # A SIGSEGV is ours here, and its core would be left in the working directory.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # So that whoever ends this run ends the daemons and their folders with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    http_client.TIMEOUT = 300.0  # a busy machine is no lost request
    about = f"seed {seed}; {machine.description()}"
    print(about, flush=True)
    rows, violations = [], 0
    for name, number in chosen(arguments):
        began = time.monotonic()
        findings = Findings(name, strict=not arguments.short)
        try:
            SCENARIOS[name][0](findings, seed, number)
        except Exception as error:
            findings.violation(f"{type(error).__name__}: {error}")
        violations += len(findings.violations)
        rows += [(name, figure, value) for figure, value in findings.figures]
        print(f"{name} {number}: {len(findings.violations)} violations in {time.monotonic() - began:.0f} s", flush=True)
    print(f"\n{table(rows)}\n\n{about}")
    if violations:
        print(f"{violations} violations; scripts/chaos --seed {seed} draws the same decisions again")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
