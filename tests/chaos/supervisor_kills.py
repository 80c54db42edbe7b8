"""kill -9 of the supervisor under load: its workers go with it, and the next start works at once in the same place."""
import http.client
import signal
import threading
import time

import processes
from clients import EXPECTED, QUESTIONS
from corral import Daemon, in_background
from decisions import decisions
from figures import spread
from processes import alive, wait_for

CLIENTS = 4
LIVES_WITHIN = 0.3  # seconds of load before the kill
SURVIVES_AT_MOST = 1.0
PATIENCE = 30.0


def ask_until_it_dies(daemon, random, answers, findings):
    """How many answers came, all of them right; the end is that nobody answers any more."""
    while True:
        question = random.choice(QUESTIONS)
        try:
            answer = daemon.ask(question)
        except (OSError, http.client.HTTPException):
            return
        except AssertionError as error:
            return findings.violation(f"{question!r} was refused: {error}", daemon)
        findings.require(answer == EXPECTED[question], f"{question!r} got {answer!r}", daemon)
        answers.append(question)


def one_life(daemon, findings, random, number):
    """Start, load, kill; (seconds to ready, seconds until the last worker was gone, answers)."""
    began = time.monotonic()
    daemon.start()
    started = time.monotonic() - began
    answers = []
    sources = [decisions(random.random(), "client", index) for index in range(CLIENTS)]
    load = [in_background(ask_until_it_dies, daemon, source, answers, findings) for source in sources]
    # The stop is awaited by nobody: the pause is the random moment of the kill.
    threading.Event().wait(random.random() * LIVES_WITHIN)
    family = processes.family(daemon.process.pid)
    daemon.signal(signal.SIGKILL)
    killed = time.monotonic()
    daemon.process.wait(PATIENCE)
    wait_for(lambda: not any(map(alive, family)), "the end of every worker", PATIENCE)
    gone = time.monotonic() - killed
    findings.require(gone <= SURVIVES_AT_MOST, f"life {number}: a worker outlived its supervisor by {gone:.2f} s", daemon)
    findings.require(daemon.socket.exists(), f"life {number}: the kill left no stale socket, so that none is replaced")
    for client in load:
        client.result(PATIENCE)
    return started, gone, len(answers)


def supervisor_kills(findings, seed, count, workers=3):
    random = decisions(seed, findings.scenario)
    daemon = Daemon(workers=workers)
    lives = []
    failed = 0
    try:
        for number in range(count):
            try:
                lives.append(one_life(daemon, findings, random, number))
            except AssertionError as error:
                failed += 1
                findings.violation(f"life {number}: {error}", daemon)
        daemon.start()
        findings.require(daemon.ask("Rules?") == EXPECTED["Rules?"], "the last start answers wrongly", daemon)
    finally:
        daemon.stop()
    findings.figure("kill -9 of the supervisor / failed starts", f"{count} / {failed}")
    findings.figure("answers under way to the kills", sum(answers for _, _, answers in lives))
    findings.figure("the last worker is gone after (p50 / p99 / max)", spread([gone for _, gone, _ in lives]))
    findings.figure("the next start is ready after", spread([started for started, _, _ in lives]))
