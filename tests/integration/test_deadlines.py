"""How long a request may take: timeouts.request and X-Request-Timeout, and what its expiry means for the worker."""
import time
import unittest

from corral import in_background, user
from faked import COUNT, QUICK_RESTART, TWENTY, FakedTest
from processes import held

LATE = (504, "deadline_exceeded")
HEADER = "X-Request-Timeout"


def verdict(answer):
    return answer.status, answer.error["code"]


class Deadlines(FakedTest):
    def timed(self, daemon, messages, timeout):
        start = time.monotonic()
        answer = daemon.chat(messages, headers={HEADER: timeout})
        return answer, time.monotonic() - start

    def test_the_smaller_of_both_limits_holds(self):
        daemon = self.fake("token-ms=10", timeouts={"request": "700ms"})
        for timeout, least in (("0.3", 0.3), ("300ms", 0.3), ("2", 0.7), ("1h", 0.7), ("999999999h", 0.7)):
            with self.subTest(timeout):
                answer, took = self.timed(daemon, "Count to 1000.", timeout)
                self.assertEqual(verdict(answer), LATE)
                self.assertGreaterEqual(took, least)
        self.assertEqual(self.starts(), 1)
        self.assertEqual(self.timed(daemon, COUNT, "30")[0].text, TWENTY)

    def test_what_is_no_duration_is_refused(self):
        daemon = self.fake()
        for timeout in ("soon", "-1", "0", "0ms", "1e3", ".5", "1.", "5 s", "inf", "nan", "0x10", "1d", "1,5", "2s2s", "0.0001"):
            with self.subTest(timeout):
                answer = daemon.chat(COUNT, headers={HEADER: timeout})
                self.assertEqual((*verdict(answer), answer.error["param"]), (400, "invalid_value", HEADER))
        self.assertEqual(self.requests(), 0)

    def test_waiting_in_the_queue_counts(self):
        daemon = self.fake(timeouts={"stall": "1h"})
        with held(*daemon.pids()):
            first = in_background(daemon.ask, COUNT)
            daemon.wait_busy(1)
            answer, took = self.timed(daemon, COUNT, "300ms")
            self.assertEqual(verdict(answer), LATE)
            self.assertGreaterEqual(took, 0.3)
            self.assertEqual(daemon.pool()["queue"]["length"], 0)
        self.assertEqual(first.result(30), TWENTY)
        self.assertEqual(self.requests(), 1)

    def test_waiting_and_answering_count_together(self):
        daemon = self.fake("token-ms=10")
        start = time.monotonic()
        first = in_background(lambda: daemon.ask("Count to 80.") and time.monotonic())
        daemon.wait_busy(1)
        answer, took = self.timed(daemon, "Count to 1000.", "1.2")
        self.assertEqual(verdict(answer), LATE)
        self.assertLess(took, first.result(30) - start + 1.2)

    def test_a_stream_that_has_begun_is_told(self):
        daemon = self.fake("token-ms=10")
        connection = daemon.connect()
        self.addCleanup(connection.close)
        body = {"model": "default", "messages": user("Count to 1000."), "stream": True}
        answer = daemon.request("POST", "/v1/chat/completions", body, {HEADER: "0.4"})
        self.assertEqual(answer.status, 200)
        last = answer.body.decode().strip().rpartition("data: ")[2]
        self.assertIn("deadline_exceeded", last)
        self.assertNotIn(b"[DONE]", answer.body)

    def test_a_worker_that_listens_is_used_again(self):
        daemon = self.fake("token-ms=5")
        pids = daemon.pids()
        for _ in range(5):
            self.assertEqual(verdict(self.timed(daemon, "Count to 100000.", "0.2")[0]), LATE)
            self.assertEqual(daemon.ask("Count to 3."), "1 2 3")
        self.assertEqual((daemon.pids(), self.starts()), (pids, 1))

    def test_a_worker_that_does_not_listen_is_replaced(self):
        daemon = self.fake(timeouts={"cancel": "200ms"}, restart=QUICK_RESTART)
        for cue in ("stall at 3", "stall at 0", "spin at 3", "sleep 3000 at 0"):
            with self.subTest(cue):
                pids = daemon.pids()
                self.assertEqual(verdict(self.timed(daemon, f"{COUNT} [{cue}]", "0.2")[0]), LATE)
                self.wait_other_pids(daemon, pids)
                self.assertEqual(daemon.workers()[0]["last_exit"], "killed: did not stop answering in time")


class SilentPrompts(FakedTest):
    def test_a_worker_that_computes_its_prompt_gets_as_long_as_it_took_to_load(self):
        daemon = self.fake("load=3000", timeouts={"cancel": "200ms"})
        pids = daemon.pids()
        late = daemon.chat(f"{COUNT} [spin 1200 at 0]", headers={HEADER: "0.2"})
        self.assertEqual(verdict(late), LATE)
        self.assertEqual(daemon.states(), ["recovering"])
        self.assertEqual(daemon.ask(COUNT), TWENTY)
        self.assertEqual((daemon.pids(), self.starts()), (pids, 1))

    def test_and_no_longer(self):
        daemon = self.fake("load=300", timeouts={"cancel": "200ms"}, restart=QUICK_RESTART)
        pids = daemon.pids()
        late = daemon.chat(f"{COUNT} [spin at 0]", headers={HEADER: "0.2"})
        self.assertEqual(verdict(late), LATE)
        self.wait_other_pids(daemon, pids)
        self.assertEqual(daemon.ask(COUNT), TWENTY)


if __name__ == "__main__":
    unittest.main()
