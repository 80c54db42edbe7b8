"""Reload: a new configuration takes the old one's place, and no request notices."""
import json
import os
import signal
import subprocess
import unittest

from corral import BINARY, FAKE_LLAMA_CLI, CorralTest, in_background
from processes import wait_for


class Reload(CorralTest):
    def setUp(self):
        self.daemon_ = self.daemon(workers=2, pool={"llama_cli": FAKE_LLAMA_CLI}, health={"interval": "1h"})
        self.settings = json.loads(self.daemon_.config.read_text())

    def reload(self, expected=0, **sections):
        """Writes the configuration with these sections, and has it read; what `corral reload` says."""
        self.settings |= sections
        self.daemon_.config.write_text(json.dumps(self.settings))
        done = subprocess.run([BINARY, "reload", "--socket", self.daemon_.socket], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, expected, done.stderr)
        return done.stdout + done.stderr

    def pools(self, *changes):
        first = self.settings["pools"][0]
        return [first | change for change in changes]

    def test_limits_apply_in_place(self):
        pids = self.daemon_.pids()
        self.assertEqual(self.reload(queue={"limit": 7}, timeouts={"request": "200ms"}), "read again; no worker is touched\n")
        self.assertEqual(self.daemon_.pool()["queue"]["limit"], 7)
        self.assertEqual(self.daemon_.chat("Count to 3. [stall at 1]").status, 504)
        wait_for(lambda: len(set(pids) & set(self.daemon_.pids())) == 1, "the hung worker being replaced")

    def test_a_file_with_mistakes_changes_nothing(self):
        pids = self.daemon_.pids()
        for sections, told in (({"queue": {"limit": "many"}}, "queue.limit"),
                               ({"queue": {}, "pools": self.pools({"model": "/no/such/model.gguf"})}, "/no/such/model.gguf"),
                               ({"pools": self.pools({"model": self.settings["pools"][0]["model"], "llama_cli": "/no/such"})},
                                "/no/such")):
            with self.subTest(told):
                self.assertIn(told, self.reload(expected=5, **sections))
        self.daemon_.signal(signal.SIGHUP)
        wait_for(lambda: "the old configuration stays" in self.daemon_.log(), "the refusal in the log")
        self.assertEqual(self.daemon_.pids(), pids)
        self.assertEqual(self.daemon_.ask("Count to 3."), "1 2 3")

    def test_another_command_line_replaces_the_workers_and_a_running_answer_is_finished(self):
        old = self.daemon_.pids()
        slow = self.daemon_.stream("Count to 30. [sleep 500 at 1]")
        slow.first_text()
        self.assertIn("2 workers are replaced", self.reload(pools=self.pools({"sampling": {"seed": 7}})))
        wait_for(lambda: not set(old) & set(self.daemon_.pids()), "new workers in all places", 30)
        self.assertEqual(list(slow)[-1], "[DONE]")
        self.assertNotIn("failing", self.daemon_.log())

    def test_workers_and_pools_come_and_go(self):
        kept = self.daemon_.pids()
        self.assertIn("4 workers instead of 2", self.reload(pools=self.pools({"workers": 4, "threads": 1})))
        wait_for(lambda: self.daemon_.states() == ["ready"] * 4, "four ready workers")
        self.assertEqual(self.daemon_.pids()[:2], kept)
        self.reload(pools=self.pools({"workers": 1}))
        wait_for(lambda: self.daemon_.pids() == kept[:1], "one worker")
        told = self.reload(pools=self.pools({"workers": 1}, {"name": "second", "workers": 1}))
        self.assertIn("pool second: new", told)
        wait_for(lambda: self.daemon_.get("/ready").status == 200, "both pools")
        self.assertEqual(self.daemon_.chat("Count to 2.", model="second").text, "1 2")
        last = self.daemon_.stream("Count to 50. [sleep 300 at 1]", model="second")
        last.first_text()
        self.assertIn("pool second: ends", self.reload(pools=self.pools({"workers": 1})))
        self.assertEqual(self.daemon_.chat("Hi", model="second").status, 404)
        self.assertEqual(list(last)[-1], "[DONE]")

    def test_another_socket_needs_a_restart(self):
        self.assertIn("needs a restart", self.reload(listen={"unix": {"path": str(self.daemon_.folder / "other")}}))
        self.assertEqual(self.daemon_.ask("Count to 2."), "1 2")

    def test_sighup_reloads(self):
        self.settings["queue"] = {"limit": 9}
        self.daemon_.config.write_text(json.dumps(self.settings))
        self.daemon_.signal(signal.SIGHUP)
        wait_for(lambda: self.daemon_.pool()["queue"]["limit"] == 9, "the new limit")

    @unittest.skipUnless(os.geteuid() == 0, "needs root to ask as somebody else")
    def test_only_the_administrator_may_reload(self):
        os.chmod(self.daemon_.folder, 0o755)
        os.chmod(self.daemon_.socket, 0o666)
        ask = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-s", "-X", "POST", "--unix-socket",
               str(self.daemon_.socket), "http://localhost/v1/reload"]
        told = json.loads(subprocess.run(ask, capture_output=True, text=True, timeout=30).stdout)
        self.assertEqual(told["error"]["code"], "not_administrator")

    def test_a_hundred_reloads_under_load_fail_no_request(self):
        stop = False

        def client(number):
            answers = 0
            while not stop:
                last = 20 + (number + answers) % 30
                if not self.daemon_.ask(f"Count to {last}.").endswith(f" {last}"):
                    raise AssertionError("a wrong answer")
                answers += 1
            return answers

        clients = [in_background(client, number) for number in range(4)]
        try:
            for seed in range(100):
                self.reload(pools=self.pools({"sampling": {"seed": seed}, "workers": 2 + seed % 3}), queue={"limit": 50 + seed})
        finally:
            stop = True
        self.assertTrue(all(one.result(30) > 0 for one in clients))
        self.assertGreater(sum(worker["restarts"] for worker in self.daemon_.workers()), 10)


if __name__ == "__main__":
    unittest.main()
