"""Workers that hang in every way: told from those that work, replaced, and their requests finished by others."""
import os
import signal
import time
import unittest

from corral import in_background
from faked import COUNT, QUICK_RESTART, TWENTY, FakedTest
from http_client import finish_reasons, joined
from processes import alive, identity, stat, wait_for

STALL = {"stall": "400ms", "cancel": "200ms"}


class HangingAnswers(FakedTest):
    def hanging(self, *arguments, **named):
        return self.fake(*arguments, **{"workers": 2, "timeouts": STALL, "restart": QUICK_RESTART} | named)

    def test_a_worker_that_falls_silent_is_killed_and_its_request_finished_by_another(self):
        for cue in ("stall at 0", "stall at 20", "zombie at 0", "zombie at 20"):
            with self.subTest(cue):
                daemon = self.hanging()
                pids = [identity(pid) for pid in daemon.pids()]
                events = list(daemon.stream(f"{COUNT} {self.once(cue)}"))
                self.assertEqual((joined(events), finish_reasons(events), events[-1]), (TWENTY, ["stop"], "[DONE]"))
                daemon.wait_ready()
                self.assertEqual(sum(alive(pid) for pid in pids), 1)
                exits = [worker["last_exit"] for worker in daemon.workers() if worker["last_exit"]]
                self.assertEqual(exits, ["killed: it neither wrote nor used CPU time for timeouts.stall"])
                self.assertEqual(daemon.pool()["quarantined"], 0)

    def test_a_busy_worker_that_is_stopped(self):
        daemon = self.hanging()
        stream = daemon.stream("Count to 300. [sleep 100 at 0] [sleep 300 at 200]")
        busy = wait_for(lambda: [worker["pid"] for worker in daemon.workers() if worker["state"] == "busy"], "a busy worker")[0]
        os.kill(busy, signal.SIGSTOP)
        self.assertEqual(joined(list(stream)), " ".join(map(str, range(1, 301))))
        self.wait_other_pids(daemon, [busy])

    def test_a_worker_that_computes_is_left_alone_however_silent(self):
        daemon = self.hanging(workers=1)
        pids = daemon.pids()
        start = time.monotonic()
        self.assertEqual(daemon.ask(f"{COUNT} [spin 1200 at 0]"), TWENTY)
        self.assertGreater(time.monotonic() - start, 1.1)
        self.assertEqual((daemon.pids(), self.starts()), (pids, 1))

    def test_what_is_no_answer_costs_the_worker_and_not_the_client(self):
        for cue in ("close-stdout at 0", "close-stdout at 20", "garbage at 0"):
            with self.subTest(cue):
                daemon = self.hanging()
                pids = daemon.pids()
                self.assertEqual(daemon.ask(f"{COUNT} {self.once(cue)}"), TWENTY)
                daemon.wait_ready()
                self.assertEqual(len(set(pids) & set(daemon.pids())), 1)

    def test_garbage_within_an_answer_is_text_and_harms_nobody(self):
        daemon = self.hanging(workers=1)
        for streamed in (False, True):
            question = f"{COUNT} [garbage at 20]"
            text = joined(list(daemon.stream(question))) if streamed else daemon.ask(question)
            self.assertEqual(text, TWENTY[:20] + "\ufffd\ufffd garbage \x01\n" + TWENTY[20:])
        self.assertEqual((daemon.ask(COUNT), self.starts()), (TWENTY, 1))

    def test_an_endless_answer_ends_at_the_pool_s_limit(self):
        daemon = self.hanging(workers=1, pool={"max_tokens": 50})
        answer = daemon.chat(f"{COUNT} [endless]")
        # One more than its own -n allows tells that it does not keep to it.
        self.assertEqual((answer.finish, len(answer.text.split())), ("length", 51))
        daemon.wait_ready()
        self.assertEqual(daemon.ask("Count to 3."), "1 2 3")

    def test_a_worker_that_hangs_on_every_answer_ends_in_an_error(self):
        daemon = self.hanging(failover={"attempts": 3})
        events = list(daemon.stream(f"{COUNT} [stall at 20]"))
        self.assertEqual(events[-1]["error"]["code"], "worker_lost")
        self.assertNotIn("[DONE]", events)
        self.assertEqual(self.requests(), 3)


class HangingIdlers(FakedTest):
    CHECKED = {"interval": "100ms", "timeout": "300ms"}

    def test_a_stopped_idle_worker_is_replaced(self):
        daemon = self.fake(workers=2, health=self.CHECKED, restart=QUICK_RESTART)
        pid = daemon.pids()[1]
        os.kill(pid, signal.SIGSTOP)
        self.wait_other_pids(daemon, [pid])
        exits = [worker["last_exit"] for worker in daemon.workers()]
        self.assertEqual(exits, [None, "killed: failed its health check"])

    def test_an_idle_worker_that_answers_with_another_sentinel_is_replaced(self):
        fault = self.folder / "fault"
        fault.touch()
        # The first sentinel is that of its start.
        daemon = self.fake(f"wrong-echo=2 only={fault}", health=self.CHECKED | {"interval": "400ms"}, restart=QUICK_RESTART)
        pids = daemon.pids()
        fault.unlink()
        self.wait_other_pids(daemon, pids)
        self.assertEqual(daemon.workers()[0]["last_exit"], "killed: failed its health check")
        self.assertEqual(daemon.ask(COUNT), TWENTY)

    def test_a_worker_without_a_main_thread_that_nobody_needs_is_replaced(self):
        daemon = self.fake(restart=QUICK_RESTART, timeouts={"stall": "1h", "cancel": "200ms"})
        pids = daemon.pids()
        stream = daemon.stream(f"{COUNT} [zombie at 20]")
        wait_for(lambda: stat(pids[0])[0] == "Z", "the main thread's end")
        stream.hang_up()
        self.wait_other_pids(daemon, pids)
        self.assertEqual(daemon.ask(COUNT), TWENTY)

    def test_a_worker_that_never_becomes_ready_is_replaced(self):
        fault = self.folder / "fault"
        fault.touch()
        daemon = self.fake(f"never-ready only={fault}", ready=False, timeouts={"start": "300ms"}, restart=QUICK_RESTART)
        wait_for(lambda: self.starts() >= 2, "a second start")
        self.assertEqual(daemon.get("/ready").status, 503)
        self.assertEqual(daemon.workers()[0]["last_exit"], "killed: not ready within timeouts.start")
        fault.unlink()
        daemon.wait_ready()
        self.assertEqual(daemon.ask(COUNT), TWENTY)

    def test_a_waiting_request_is_served_by_whoever_replaces_the_hung(self):
        daemon = self.fake(timeouts=STALL, restart=QUICK_RESTART)
        first = in_background(daemon.ask, f"Count to 5. {self.once('stall at 0')}")
        daemon.wait_busy(1)
        self.assertEqual(daemon.ask(COUNT), TWENTY)
        self.assertEqual(first.result(30), "1 2 3 4 5")


if __name__ == "__main__":
    unittest.main()
