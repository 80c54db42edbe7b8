"""Point 5 and what surrounds it: workers that die, clients that leave, queues that are full, deadlines."""
import os
import signal
import unittest

from corral import CorralTest, in_background
from http_client import joined, raw_request
from processes import held, identity, send, wait_for
from reference import FIVE, RULES

LONG = "Count to 200."
COUNTED = " ".join(str(number) for number in range(1, 201))
QUICK_RESTART = {"initial": "50ms", "max": "100ms"}  # these tests kill more often than any fault would


class DeadWorkers(CorralTest):
    def test_workers_killed_between_requests_are_replaced_and_nobody_notices(self):
        daemon = self.daemon(workers=2, restart=QUICK_RESTART)
        for _ in range(5):
            before = daemon.pids()
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            self.assertEqual({question: daemon.ask(question) for question in FIVE}, FIVE)
            daemon.wait_ready()
            self.assertFalse(set(before) & set(daemon.pids()))
        self.assertEqual([worker["last_exit"] for worker in daemon.workers()], ["signal 9 (Killed)"] * 2)

    def test_workers_that_were_killed_before_they_read_a_request_are_not_held_against_it(self):
        daemon = self.daemon(workers=2, restart=QUICK_RESTART, health={"interval": "1h"})
        before = daemon.pids()
        with held(*before):
            answer = in_background(daemon.ask, "Rules?")
            for pid in before:
                wait_for(lambda: any(w["state"] == "busy" and w["pid"] == pid for w in daemon.workers()), f"{pid} being asked")
                os.kill(pid, signal.SIGKILL)
            self.assertEqual(answer.result(30), RULES)

    def test_a_worker_killed_during_an_answer_costs_the_client_nothing(self):
        daemon = self.daemon(workers=2, restart=QUICK_RESTART)
        for _ in range(10):
            answer = in_background(daemon.ask, LONG)
            busy = wait_for(lambda: answer.done() or [w for w in daemon.workers() if w["state"] == "busy"], "a busy worker")
            if busy is not True:
                send(identity(busy[0]["pid"]), signal.SIGKILL)
            self.assertTrue(answer.result(30).endswith(" 200"))
            daemon.wait_ready()

    def test_a_stranger_s_interrupt_before_the_answer_costs_the_client_nothing(self):
        daemon = self.daemon(workers=1, health={"interval": "1h"})
        pid = daemon.pids()[0]
        with held(pid):
            answer = in_background(daemon.ask, LONG)
            daemon.wait_busy(1)
            os.kill(pid, signal.SIGINT)
        self.assertTrue(answer.result(30).endswith(" 199 200"))

    def test_half_a_stream_after_a_stranger_s_interrupt_is_continued(self):
        daemon = self.daemon(workers=1, health={"interval": "1h"})
        for _ in range(5):
            stream = daemon.stream(LONG)
            with held(*daemon.pids()):
                os.kill(daemon.pids()[0], signal.SIGINT)
            events = list(stream)
            self.assertEqual(events[-1], "[DONE]")
            self.assertEqual(joined(events[:-1]), COUNTED)
        self.assertEqual(daemon.ask("Rules?"), RULES)

    def test_a_stream_whose_worker_dies_goes_on_where_it_was(self):
        daemon = self.daemon(workers=2, restart=QUICK_RESTART)
        whole = list(daemon.stream(LONG, stream_options={"include_usage": True}))[-2]["usage"]
        resumed = 0
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM) * 3:
            stream = daemon.stream(LONG, stream_options={"include_usage": True})
            first = stream.first_text()
            busy = [worker["pid"] for worker in daemon.workers() if worker["state"] == "busy"]
            for pid in busy:
                os.kill(pid, number)
            events = list(stream)
            self.assertEqual(events[-1], "[DONE]")
            self.assertEqual(first + joined(events[:-1]), COUNTED)
            usage = events[-2]["usage"]
            resumed += usage["resumed"]
            self.assertEqual(usage["prompt_tokens"], whole["prompt_tokens"])
            # A worker that dies between its last word and its log takes the count of the turn's end with it.
            self.assertIn(whole["completion_tokens"] - usage["completion_tokens"], (0, 1))
            daemon.wait_ready()
        self.assertGreater(resumed, 0)
        self.assertEqual(daemon.pool()["resumed"], resumed)


class LeavingClients(CorralTest):
    def test_a_client_that_leaves_the_queue_is_forgotten_at_once(self):
        daemon = self.daemon(workers=1, health={"interval": "1h"})
        with held(*daemon.pids()):
            first = in_background(daemon.ask, "Rules?")
            daemon.wait_busy(1)
            leaving = daemon.raw()
            leaving.sendall(raw_request("/v1/chat/completions", "POST", {"messages": [{"role": "user", "content": "x"}]}))
            daemon.wait_queue(1)
            leaving.close()
            daemon.wait_queue(0)
        self.assertEqual(first.result(30), RULES)
        self.assertEqual(sum(worker["requests"] for worker in daemon.workers()), 1)

    def test_a_client_that_leaves_its_answer_frees_its_worker(self):
        daemon = self.daemon(workers=1, health={"interval": "1h"})
        pids = daemon.pids()
        reused = 0
        for _ in range(20):
            stream = daemon.stream(LONG)
            stream.first_text()
            stream.hang_up()
            self.assertEqual(daemon.ask("Rules?"), RULES)
            reused += daemon.pids() == pids
            pids = daemon.pids()
        # A SIGINT that meets the prompt ends llama-cli (docs/llama-cli.md); that is rare.
        self.assertGreaterEqual(reused, 15)


class Limits(CorralTest):
    def test_a_full_queue_refuses_with_retry_after(self):
        daemon = self.daemon(workers=1, queue={"limit": 2}, health={"interval": "1h"})
        with held(*daemon.pids()):
            accepted = [in_background(daemon.ask, "Rules?") for _ in range(3)]
            daemon.wait_queue(2)
            refused = daemon.chat("Rules?")
            self.assertEqual((refused.status, refused.error["code"]), (429, "queue_full"))
            self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        self.assertEqual([answer.result(30) for answer in accepted], [RULES] * 3)

    def test_a_request_that_waits_too_long_gets_503(self):
        daemon = self.daemon(workers=1, queue={"timeout": "300ms"}, health={"interval": "1h"})
        with held(*daemon.pids()):
            first = in_background(daemon.ask, "Rules?")
            daemon.wait_busy(1)
            late = daemon.chat("Rules?")
            self.assertEqual((late.status, late.error["code"]), (503, "queue_timeout"))
        self.assertEqual(first.result(30), RULES)

    def test_a_request_past_its_deadline_is_told_so_and_its_worker_replaced_or_reused(self):
        daemon = self.daemon(workers=1, timeouts={"request": "3s", "cancel": "500ms"}, health={"interval": "1h"})
        with held(*daemon.pids()):
            late = daemon.chat("Rules?")
            self.assertEqual((late.status, late.error["code"]), (504, "deadline_exceeded"))
        daemon.wait_ready()
        self.assertEqual(daemon.ask("Rules?"), RULES)

    def test_a_silent_idle_worker_is_replaced(self):
        daemon = self.daemon(workers=1, health={"interval": "200ms", "timeout": "200ms"})
        pid = daemon.pids()[0]
        os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: daemon.states() == ["ready"] and daemon.pids() != [pid], "another worker")
        self.assertEqual(daemon.ask("Rules?"), RULES)


if __name__ == "__main__":
    unittest.main()
