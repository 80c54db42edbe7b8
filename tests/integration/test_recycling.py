"""Workers that are replaced before anything is wrong with them: between requests, one at a time, noticed by nobody."""
import threading
import time
import unittest

from corral import in_background
from faked import COUNT, QUICK_RESTART, TWENTY, FakedTest
from processes import wait_for

LOADED = {"ready", "busy", "checking", "recovering"}


class Sampler:
    """Looks at the states of a daemon's workers all the time."""

    def __init__(self, daemon):
        self.daemon, self.samples, self.ended = daemon, [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended.wait(0.005):
            self.samples.append(self.daemon.states())

    def stop(self):
        self.ended.set()
        self.thread.join()
        return self.samples


class Recycling(FakedTest):
    def assert_smooth(self, daemon, done, **named):
        """Asks with as many clients as there are workers until `done()`; nothing fails, and some worker is always loaded."""
        sampler = Sampler(daemon)
        deadline = time.monotonic() + 30
        while not done():
            self.assertLess(time.monotonic(), deadline)
            answers = [in_background(daemon.ask, COUNT, **named) for _ in daemon.workers()]
            self.assertEqual([answer.result(30) for answer in answers], [TWENTY] * len(answers))
        samples = sampler.stop()
        self.assertTrue(all(LOADED & set(states) for states in samples))
        replacing = [sum(state in ("retiring", "starting", "backoff") for state in states) for states in samples]
        self.assertEqual(max(replacing), 1)
        self.assertIsNone(daemon.pool()["failing"])
        self.assertEqual(daemon.pool()["retried"] + daemon.pool()["resumed"], 0)
        for worker in daemon.workers():
            self.assertRegex(worker["last_exit"] or "replaced: ", "^replaced: ")

    def fresh(self, daemon, pids):
        return lambda: set(daemon.states()) <= LOADED and not set(pids) & set(daemon.pids())

    def test_after_so_many_requests(self):
        daemon = self.fake("token-ms=1 load=50", workers=3, pool={"recycle": {"max_requests": 5}})
        self.assert_smooth(daemon, lambda: self.starts() >= 12)
        self.assertLessEqual(self.requests() / self.starts(), 8)
        self.assertIn("replaced: it answered", " ".join(worker["last_exit"] or "" for worker in daemon.workers()))

    def test_above_so_much_memory(self):
        daemon = self.fake("leak=20 load=50", workers=2, pool={"recycle": {"memory_limit_mib": 50}})
        self.assert_smooth(daemon, self.fresh(daemon, daemon.pids()))
        self.assertIn("MiB of memory of its own", daemon.workers()[0]["last_exit"])

    def test_after_so_much_time_also_without_requests(self):
        daemon = self.fake("load=50", workers=3, pool={"recycle": {"max_age": "1s"}}, health={"interval": "50ms"})
        pids = daemon.pids()
        sampler = Sampler(daemon)
        wait_for(self.fresh(daemon, pids), "other processes")
        samples = sampler.stop()
        self.assertTrue(all(sum(state in LOADED for state in states) >= 2 for states in samples))
        self.assertIsNone(daemon.pool()["failing"])
        self.assertEqual(daemon.ask(COUNT), TWENTY)

    def test_never_during_an_answer(self):
        daemon = self.fake("token-ms=10", pool={"recycle": {"max_age": "300ms"}}, health={"interval": "50ms"})
        self.assertEqual(daemon.ask("Count to 100."), " ".join(map(str, range(1, 101))))
        self.assertEqual(daemon.pool()["resumed"], 0)

    def test_the_last_worker_stays_when_the_others_do_not_come_back(self):
        fault = self.folder / "fault"
        daemon = self.fake(f"fail-load only={fault}", workers=2, pool={"recycle": {"max_requests": 1}}, restart=QUICK_RESTART)
        fault.touch()
        self.assertEqual([daemon.ask(COUNT) for _ in range(20)], [TWENTY] * 20)
        self.assertEqual(sum(state in LOADED for state in daemon.states()), 1)
        fault.unlink()
        daemon.wait_ready()


if __name__ == "__main__":
    unittest.main()
