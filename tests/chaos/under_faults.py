"""Clients with known answers while their workers are killed, stopped and interrupted: nobody notices."""
import signal
import threading

from corral import in_background
from decisions import decisions
from faults import DEADLY, NAMES, Hunter, Limits
from figures import spread
from clients import Client, summed, undisturbed
from journal import Journal
from processes import wait_for
from running import recorded, running

CHAOS = {signal.SIGKILL: 4, signal.SIGSEGV: 3, signal.SIGINT: 3, signal.SIGSTOP: 1}
KILLS = {signal.SIGKILL: 1}
STOPS = {signal.SIGSTOP: 1}
# The faults are ours: it is a worker's replacement that is measured, not the caution of a pool that loses many.
NO_STORM = {"storm_deaths": 1000, "storm_window": "1s"}
LIVES = 2  # of a worker between two faults, on average, in longest answers
# So a request of a crowd may lose more workers than it ever would elsewhere.
PATIENT = {"failover": {"attempts": 100}, "queue": {"timeout": "300s"}}
PATIENCE = 120.0


def under_faults(findings, seed, weights, count, workers=3, clients=6, storm=True, limits=None, pause=0.1):
    """`count` faults in all; the clients go on until the last of them is mended."""
    limits = limits or Limits(stall=1.0, interval=0.5, timeout=1.0, cancel=1.0)
    restart = {"initial": "20ms", "max": "200ms"} | ({} if storm else NO_STORM)
    sections = limits.sections() | {"restart": restart, "log": {"level": "debug"}} | PATIENT
    with running(workers=workers, **sections) as daemon:
        usages, longest = undisturbed(daemon)
        # A machine busy with other things needs longer for an answer: it is not to lose every worker before its end.
        pause = max(pause, LIVES * longest)
        journal = Journal(daemon)
        names = [worker["id"] for worker in daemon.workers()]
        hunters = [Hunter(daemon, journal, name, decisions(seed, findings.scenario, name), weights, pause, limits)
                   for name in names]
        shares = [count // workers + (index < count % workers) for index in range(workers)]
        hunts = [in_background(hunter.run, share) for hunter, share in zip(hunters, shares)]
        # A conversation is blamed when it lost two more workers than everything else did of late: so idle workers die first,
        # as they would where something kills workers at random.
        enough = min(2, min(shares))
        wait_for(lambda: all(len(hunter.faults) >= enough or hunt.done() for hunter, hunt in zip(hunters, hunts)),
                 "the first faults", PATIENCE)
        stop = threading.Event()
        askers = [Client(daemon, decisions(seed, findings.scenario, "client", index), usages, findings)
                  for index in range(clients)]
        loops = [in_background(asker.run, stop) for asker in askers]
        for hunt in hunts:
            with recorded(findings, daemon):
                hunt.result(3600)
        stop.set()
        for loop in loops:
            with recorded(findings, daemon):
                loop.result(PATIENCE)
        daemon.wait_ready(PATIENCE)
        journal.close()
        report(findings, daemon, hunters, summed(asker.tally for asker in askers))


def report(findings, daemon, hunters, tally):
    faults = [fault for hunter in hunters for fault in hunter.faults]
    tally.report(findings)
    kinds = [(name, sum(fault.number == number for fault in faults)) for number, name in NAMES.items()]
    findings.figure("faults", ", ".join(f"{name} {count}" for name, count in kinds if count))
    pool = daemon.pool()
    findings.figure("resumed / tried again", f"{pool['resumed']} / {pool['retried']}")
    findings.require(pool["resumed"] >= tally["resumed"], f"usage tells of {tally['resumed']}, the pool of {pool['resumed']}")
    findings.require(tally["complete"] > 0, "no request was answered", daemon)
    killed = [fault for fault in faults if fault.number in DEADLY]
    stopped = [fault for fault in faults if fault.number == signal.SIGSTOP]
    if killed:
        findings.figure("a killed process is gone after (the kernel)", spread([fault.gone for fault in killed]))
        findings.figure("its death is noticed after (p50 / p99 / max)", spread([fault.noticed for fault in killed]))
    if stopped:
        findings.figure("a stopped busy worker is replaced after",
                        spread([fault.noticed for fault in stopped if fault.states == ["busy"]]))
        findings.figure("another stopped worker is replaced after",
                        spread([fault.noticed for fault in stopped if fault.states != ["busy"]]))
        late = [fault for fault in stopped if fault.late]
        findings.figure("replaced later than the limit + 1 s", len(late))
        findings.require_in_time(not late, f"stopped workers were replaced late: {late[:5]}", daemon)
    findings.figure("ready again after", spread([fault.ready for fault in faults if fault.ready is not None]))
