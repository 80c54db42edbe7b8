"""When the supervisor itself is killed: its workers go with it, and the next one starts as if nothing had been."""
import signal
import unittest

import processes
from corral import in_background
from faked import COUNT, TWENTY, FakedTest
from processes import alive, wait_for
from reference import RULES

AT_MOST_SECONDS = 1.0


class Orphans(FakedTest):
    def killed(self, daemon):
        """kill -9 of the supervisor; nobody of its family lives longer than a second, and the same daemon starts again."""
        family = processes.family(daemon.process.pid)
        daemon.signal(signal.SIGKILL)
        daemon.process.wait()
        try:
            wait_for(lambda: not [process for process in family if alive(process)], "the end of every worker", AT_MOST_SECONDS)
        finally:
            for process in family:
                processes.send(process, signal.SIGKILL)
        self.assertTrue(daemon.socket.exists())
        return daemon.start()

    def test_idle_workers(self):
        daemon = self.killed(self.fake(workers=3))
        self.assertEqual(daemon.ask(COUNT), TWENTY)

    def test_workers_that_answer_load_hang_or_do_not_listen(self):
        for script, cue in (("token-ms=5", "sleep 1 at 0"), ("ignore=TERM,INT,HUP", "stall at 0"), ("", "spin at 0"),
                            ("", "zombie at 0"), ("token-ms=50", "endless"), ("", "close-stdout at 0")):
            with self.subTest(f"{script} {cue}"):
                daemon = self.fake(script, workers=2)
                before = self.requests()
                lost = [in_background(daemon.ask, f"Count to {number}. [{cue}]") for number in (1000, 1001)]
                wait_for(lambda: self.requests() - before == 2, "two requests")
                daemon = self.killed(daemon)
                for answer in lost:
                    self.assertIsNotNone(answer.exception(30))
                self.assertEqual(daemon.ask(COUNT), TWENTY)

    def test_workers_that_load(self):
        slow = self.folder / "slow"
        slow.touch()
        daemon = self.fake(f"load=60000 only={slow}", workers=2, ready=False)
        wait_for(lambda: self.starts() == 2, "two starts")
        slow.unlink()
        self.assertEqual(self.killed(daemon).ask(COUNT), TWENTY)

    def test_the_real_ones(self):
        daemon = self.daemon(workers=2)
        lost = [in_background(daemon.ask, "Count to 500.") for _ in range(2)]
        daemon.wait_busy(2)
        daemon = self.killed(daemon)
        self.assertEqual(daemon.ask("Rules?"), RULES)
        for answer in lost:
            answer.exception(30)


if __name__ == "__main__":
    unittest.main()
