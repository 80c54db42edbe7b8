"""corral serve with the fake llama-cli for its workers: what is asked of it comes back as from the real one."""
import pathlib
import tempfile
import unittest

from corral import FAKE_LLAMA_CLI, CorralTest, in_background
from http_client import finish_reasons, joined
from processes import wait_for

COUNT = "Count to 20."
TWENTY = " ".join(map(str, range(1, 21)))
QUICK_RESTART = {"initial": "20ms", "max": "100ms"}


class FakeWorkers(CorralTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="corral-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fake(self, script="", workers=1, ready=True, pool=None, **sections):
        # Not confined: scripts and cues write files.
        pool = {"llama_cli": FAKE_LLAMA_CLI, "env": {"FAKE_LLAMA_CLI": script}, "confine": "off"} | (pool or {})
        return self.daemon(workers=workers, pool=pool, ready=ready, **{"health": {"interval": "1h"}} | sections)

    def test_an_answer_with_its_usage(self):
        daemon = self.fake()
        first = daemon.chat(COUNT)
        self.assertEqual((first.text, first.finish), (TWENTY, "stop"))
        # "user", "Count", " to", " 20."; the answer's 20 tokens and the one that ends a turn.
        counts = {"prompt_tokens": 4, "completion_tokens": 21, "total_tokens": 25, "resumed": 0}
        self.assertEqual(first.usage, counts | {"prompt_tokens_details": {"cached_tokens": 0}})
        self.assertEqual(daemon.chat(COUNT).usage, counts | {"prompt_tokens_details": {"cached_tokens": 3}})

    def test_a_stream(self):
        daemon = self.fake()
        events = list(daemon.stream(COUNT, stream_options={"include_usage": True}))
        self.assertEqual((joined(events), finish_reasons(events), events[-1]), (TWENTY, ["stop"], "[DONE]"))
        self.assertEqual([event["usage"]["completion_tokens"] for event in events[:-1] if event.get("usage")], [21])

    def test_max_tokens_of_a_request_and_of_the_pool(self):
        daemon = self.fake("token-ms=5", pool={"max_tokens": 10})
        for limit in (1, 3, 9, 10):
            answer = daemon.chat(COUNT, max_tokens=limit)
            self.assertEqual((answer.text, answer.finish), (" ".join(TWENTY.split()[:limit]), "length"))
            self.assertEqual(answer.usage["completion_tokens"], limit)
        self.assertEqual(daemon.chat(COUNT).finish, "length")

    def test_a_prefill(self):
        daemon = self.fake()
        messages = [{"role": "user", "content": COUNT}, {"role": "assistant", "content": "1 2 3"}]
        self.assertEqual(daemon.ask(messages), TWENTY.removeprefix("1 2 3"))

    def test_five_clients_of_two_workers(self):
        daemon = self.fake("token-ms=2", workers=2)
        answers = [in_background(daemon.ask, f"Count to {number}.") for number in range(10, 15)]
        self.assertEqual([answer.result(30).split()[-1] for answer in answers], ["10", "11", "12", "13", "14"])

    def test_a_client_that_leaves_frees_its_worker_for_the_next(self):
        daemon = self.fake("token-ms=10")
        pids = daemon.pids()
        stream = daemon.stream("Count to 100000.")
        stream.first_text()
        stream.hang_up()
        self.assertEqual(daemon.ask("Count to 5."), "1 2 3 4 5")
        self.assertEqual(daemon.pids(), pids)

    def test_a_request_that_kills_once_is_tried_again(self):
        for number, cue in enumerate(("crash SEGV at 0", "crash ABRT at 3", "exit 7 at 5", "close-stdout at 3", "garbage at 0")):
            with self.subTest(cue):
                daemon = self.fake(restart=QUICK_RESTART)
                pids = daemon.pids()
                self.assertEqual(daemon.ask(f"{COUNT} [once {self.folder / str(number)} {cue}]"), TWENTY)
                self.assertNotEqual(daemon.pids(), pids)

    def test_an_answer_that_never_ends_meets_its_deadline(self):
        daemon = self.fake(timeouts={"request": "500ms", "cancel": "200ms"}, restart=QUICK_RESTART)
        for cue in ("stall at 3", "spin at 3", "wrong-sentinel"):
            with self.subTest(cue):
                late = daemon.chat(f"{COUNT} [{cue}]")
                self.assertEqual((late.status, late.error["code"]), (504, "deadline_exceeded"))
                daemon.wait_ready()

    def test_an_endless_answer_is_cut_at_the_pool_s_limit(self):
        for deaf in ("", "ignore=INT"):
            with self.subTest(deaf):
                daemon = self.fake(deaf, pool={"max_tokens": 10}, timeouts={"cancel": "200ms"}, restart=QUICK_RESTART)
                self.assertEqual(daemon.chat("Count to 20. [endless]").finish, "length")
                daemon.wait_ready()
                self.assertEqual(daemon.ask("Count to 5."), "1 2 3 4 5")

    def test_a_fault_that_is_mended_lets_the_pool_recover(self):
        fault = self.folder / "fault"
        fault.touch()
        events = self.folder / "events"
        daemon = self.fake(f"only={fault} fail-load log={events}", ready=False, restart=QUICK_RESTART)
        wait_for(lambda: events.exists() and events.read_text().count("exit 1") >= 2, "two failed starts")
        self.assertEqual(daemon.get("/ready").status, 503)
        self.assertIn("exit code 1", daemon.workers()[0]["last_exit"])
        fault.unlink()
        daemon.wait_ready()
        self.assertEqual(daemon.ask(COUNT), TWENTY)


if __name__ == "__main__":
    unittest.main()
