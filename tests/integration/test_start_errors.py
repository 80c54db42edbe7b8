"""Point 6: what cannot be started says so in one line that names the thing, with the right exit code."""
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

import corral
from corral import BINARY, MODEL, CorralTest
from reference import RULES


class StartErrors(CorralTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="corral-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def refused(self, code, *arguments, **environment):
        """Runs `corral serve`, which must end at once with `code`; returns its only line."""
        flags = {"--model": MODEL, "--llama-cli": corral.LLAMA_CLI, "--socket": self.folder / "s"}
        flags |= dict(zip(arguments[::2], arguments[1::2]))
        words = [str(word) for flag in flags.items() if flag[1] is not None for word in flag]
        ended = subprocess.run([BINARY, "serve", *words], capture_output=True, text=True, timeout=30,
                               env=os.environ | {"TMPDIR": str(self.folder)} | environment)
        lines = [line for line in ended.stderr.splitlines() if not line.startswith("20")]  # those are the log's
        self.assertEqual((ended.returncode, ended.stdout, len(lines)), (code, "", 1), ended.stderr)
        self.assertTrue(lines[0].startswith("corral: "))
        self.assertEqual(list(self.folder.glob("corral-*")), [], "a runtime folder was left behind")
        return lines[0]

    def test_models_that_cannot_be_used(self):
        garbage = self.folder / "garbage.gguf"
        garbage.write_bytes(b"<html>404</html>")
        short = self.folder / "short.gguf"
        short.write_bytes(MODEL.read_bytes()[:1_000_000])
        for path, reason in ((self.folder / "none.gguf", "No such file or directory"), (self.folder, "directory"),
                             (garbage, "not a GGUF file"), (short, "truncated")):
            with self.subTest(path.name):
                line = self.refused(1, "--model", path)
                self.assertIn(str(path), line)
                self.assertIn(reason, line)

    def test_llama_clis_that_cannot_be_run(self):
        line = self.refused(1, "--llama-cli", "/nowhere/llama-cli")
        self.assertIn("/nowhere/llama-cli: No such file or directory", line)
        line = self.refused(1, "--llama-cli", "llama-cli-of-nobody")
        self.assertIn("llama-cli-of-nobody is not on PATH", line)
        self.assertIn("not an executable file", self.refused(1, "--llama-cli", MODEL))

    def test_a_socket_that_a_live_daemon_serves_is_left_to_it(self):
        daemon = self.daemon(workers=1)
        line = self.refused(1, "--socket", daemon.socket)
        self.assertIn(str(daemon.socket), line)
        self.assertIn("another server answers there", line)
        self.assertEqual(daemon.ask("Rules?"), RULES)

    def test_a_stale_socket_is_replaced_silently(self):
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(self.folder / "corral.sock"))
        stale.close()
        daemon = corral.Daemon(workers=1, folder=self.folder)
        self.addCleanup(daemon.stop)
        self.assertEqual(daemon.start().ask("Rules?"), RULES)

    def test_other_files_in_the_sockets_place_are_not_touched(self):
        plain = self.folder / "plain"
        plain.write_text("precious")
        self.assertIn("not a socket", self.refused(1, "--socket", plain))
        self.assertEqual(plain.read_text(), "precious")
        self.assertIn("No such file or directory", self.refused(1, "--socket", self.folder / "no/such/folder/s"))

    def test_mistakes_in_the_configuration_are_placed(self):
        config = self.folder / "c.yaml"
        cases = {"pools:\n  - model: m.gguf\n    worker: 3\n": ':3:5: pools[0].worker: unknown key "worker"; did you mean "workers"?',
                 "pools: [\n": "c.yaml:", "pools:\n  - model: m.gguf\n    workers: 0\n": ":3:14: pools[0].workers: "}
        for text, expected in cases.items():
            with self.subTest(text):
                config.write_text(text)
                self.assertIn(expected, self.refused(2, "--config", config, "--model", None, "--llama-cli", None, "--socket", None))

    def test_a_model_that_llama_cli_refuses_is_told_in_the_log_and_not_ready(self):
        # Whole as a file, nonsense as a model: only llama-cli itself finds out.
        broken = self.folder / "broken.gguf"
        broken.write_bytes(MODEL.read_bytes().replace(b"llama.block_count", b"llama.block_cound"))
        daemon = corral.Daemon(workers=1, pool={"model": str(broken)}, folder=self.folder)
        self.addCleanup(daemon.stop)
        daemon.start(ready=False)
        corral.wait_for(lambda: "starting it again" in daemon.log(), "a failed start in the log")
        answer = daemon.get("/ready")
        self.assertEqual(answer.status, 503)
        self.assertIn("pool default", answer.error["message"])
        self.assertIn("exit code", daemon.workers()[0]["last_exit"])

    def test_a_wrong_command_line_is_usage(self):
        for words in ([], ["serve", "--nonsense"], ["nonsense"], ["serve", "--workers", "many"], ["ask"]):
            with self.subTest(words):
                self.assertEqual(subprocess.run([BINARY, *words], capture_output=True, timeout=30).returncode, 2)


if __name__ == "__main__":
    unittest.main()
