"""Clients that leave: in the middle of their answer, in the queue, or at any byte of what they send.

Each lane is a daemon with one worker, so that its log and its count of requests tell whose worker was freed when."""
import http.client
import time

from clients import EXPECTED
from corral import in_background
from decisions import decisions
from figures import spread
from http_client import raw_request
from journal import Journal
from processes import held, wait_for
from running import recorded, running

LONG = "Count to 200."
PATIENCE = 60.0
ANSWERS = ["Rules?", "Count to 20."]


def body(question, **fields):
    return {"model": "default", "messages": [{"role": "user", "content": question}]} | fields


class Lane:
    def __init__(self, daemon, findings, random):
        self.daemon, self.findings, self.random = daemon, findings, random
        self.journal = Journal(daemon)
        self.worker = daemon.workers()[0]["id"]
        self.reusable = []
        self.left_answers = self.left_queue = self.started = self.left_sending = 0

    def run(self, count):
        while self.left_answers + self.left_queue < count:
            self.leave_answer(self.random.randrange(40), self.random.randrange(3))
        self.journal.close()

    def leave_answer(self, tokens, queued):
        """One client leaves after so many tokens; so many others had waited behind it and left before."""
        before = self.requests()
        begun = time.time()
        if queued:
            # Held still, so that the answer cannot end while the others come and go.
            with held(*self.daemon.pids()):
                asked = in_background(self.daemon.stream, LONG)
                self.daemon.wait_busy(1)
                self.leave_queue(queued)
            stream = asked.result(PATIENCE)
        else:
            stream = self.daemon.stream(LONG)
        stream.first_text()
        for _ in zip(range(tokens), stream):
            pass
        left = time.time()
        stream.hang_up()
        ready = self.journal.freed(self.worker, begun, PATIENCE)
        if ready > left:  # else the worker was ahead of its client, and done
            self.reusable.append(ready - left)
        self.left_answers += 1
        started = self.requests() - before - 1
        self.started += started
        self.findings.require(started == 0, f"{started} requests of clients that had left the queue were started", self.daemon)

    def leave_queue(self, count):
        waiting = [self.daemon.raw() for _ in range(count)]
        for connection in waiting:
            connection.sendall(raw_request("/v1/chat/completions", "POST", body("Rules?", stream=True)))
        self.daemon.wait_queue(count)
        for connection in waiting:
            connection.close()
        self.daemon.wait_queue(0)
        self.left_queue += count

    def leave_sending(self, count):
        """At any byte of the request, or a moment after all of it; a client that stays gets its answer all the while."""
        request = raw_request("/v1/chat/completions", "POST", body(LONG, stream=True))
        for _ in range(count):
            cut = min(len(request), self.random.randrange(2 * len(request)))
            pause = self.random.random() * 0.03
            connection = self.daemon.raw()
            connection.sendall(request[:cut])
            if cut == len(request):
                time.sleep(pause)
            connection.close()
            self.left_sending += 1

    def stay(self, leaving):
        while not leaving.done():
            for question in ANSWERS:
                try:
                    answer = self.daemon.ask(question)
                except (OSError, http.client.HTTPException, AssertionError) as error:
                    answer = repr(error)
                self.findings.require(answer == EXPECTED[question], f"{question!r} got {answer!r}", self.daemon)

    def requests(self):
        return self.daemon.workers()[0]["requests"]


def disconnects(findings, seed, count, lanes=2):
    settings = {"workers": 1, "health": {"interval": "1h"}, "log": {"level": "debug"},
                "restart": {"initial": "20ms", "max": "200ms", "storm_deaths": 1000, "storm_window": "1s"}}
    sending = count // 10
    with running(**settings) as first, running(**settings) as second:
        daemons = [first, second][:lanes]
        all_lanes = [Lane(daemon, findings, decisions(seed, findings.scenario, index)) for index, daemon in enumerate(daemons)]
        runs = [in_background(lane.run, (count - sending) // len(all_lanes)) for lane in all_lanes]
        for run in runs:
            with recorded(findings, first):
                run.result(3600)
        lane = all_lanes[0]
        leaving = in_background(lane.leave_sending, sending)
        lane.stay(leaving)
        with recorded(findings, first):
            leaving.result(PATIENCE)
        wait_for(lambda: first.pool()["queue"]["length"] == 0, "an empty queue", PATIENCE)
        restarts = sum(worker["restarts"] for daemon in daemons for worker in daemon.workers())
        report(findings, all_lanes, restarts)


def report(findings, lanes, restarts):
    left = [sum(getattr(lane, name) for lane in lanes) for name in ("left_answers", "left_queue", "left_sending")]
    findings.figure("left their answer / the queue / while sending", " / ".join(map(str, left)))
    findings.figure("requests started for clients that had left the queue", sum(lane.started for lane in lanes))
    findings.figure("the worker is reusable after (p50 / p99 / max)", spread([t for lane in lanes for t in lane.reusable]))
    findings.figure("workers started again (a SIGINT that met the prompt)", restarts)
