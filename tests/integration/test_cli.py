"""What a person or a script types: ask, chat, status, check-config, doctor, with their exit codes."""
import json
import os
import subprocess
import tempfile
import unittest

import corral
from corral import BINARY, MODEL, CorralTest, SharedDaemonTest, in_background
from processes import held
from reference import RULES


def run(*words, stdin="", **environment):
    return subprocess.run([BINARY, *map(str, words)], input=stdin, capture_output=True, text=True, timeout=60,
                          env=os.environ | environment)


class Ask(SharedDaemonTest):
    def ask(self, *words, **named):
        return run("ask", "--socket", self.shared.socket, *words, **named)

    def test_answers_on_stdout(self):
        for words in (["Rules?"], ["--no-stream", "Rules?"]):
            done = self.ask(*words)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, RULES + "\n", ""))
        self.assertEqual(self.ask("-", stdin="Rules?\n").stdout, RULES + "\n")
        self.assertEqual(self.ask("--max-tokens", "3", "Count to 9.").stdout, "1 2 3\n")
        self.assertEqual(self.ask("--system", "You are a guide.", "Rules?").stdout, RULES + "\n")
        self.assertEqual(json.loads(self.ask("--json", "Rules?").stdout)["choices"][0]["message"]["content"], RULES)
        self.assertEqual(run("ask", "Rules?", CORRAL_SOCKET=str(self.shared.socket)).stdout, RULES + "\n")

    def test_failures_have_their_exit_codes_and_one_line(self):
        for words, code in ((["ask"], 2), (["ask", ""], 2), (["ask", "--socket", "/nowhere/s", "x"], 3),
                            (["ask", "--socket", self.shared.socket, "--model", "other", "x"], 5),
                            (["status", "--socket", "/nowhere/s"], 3), (["chat", "--socket", "/nowhere/s"], 3)):
            done = run(*words)
            self.assertEqual(done.returncode, code, words)
            if code > 2:
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_chat_reads_lines_from_a_pipe(self):
        done = run("chat", "--socket", self.shared.socket,
                   stdin="My name is Bob.\nWhat is my name?\n/clear\nWhat is my name?\n/pool\n/exit\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Nice to meet you, Bob.\nYour name is Bob.\n", done.stdout)
        self.assertIn("You have not told me your name.\n", done.stdout)
        self.assertIn("default/1", done.stdout)

    def test_status_is_a_table_or_the_servers_json(self):
        table = run("status", "--socket", self.shared.socket).stdout
        for word in ("queue 0/64", "default/3", "ready", "PID"):
            self.assertIn(word, table)
        report = json.loads(run("status", "--json", "--socket", self.shared.socket).stdout)
        self.assertEqual(len(report["pools"][0]["workers"]), 3)

    def test_a_reader_that_leaves_early_is_no_error(self):
        command = f"'{BINARY}' ask --socket '{self.shared.socket}' 'Count to 200.' | head -c 3; echo \" ${{PIPESTATUS[0]}}\""
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr), ("1 2 0\n", ""))


class Refused(CorralTest):
    def test_an_overloaded_server_is_exit_code_4(self):
        daemon = self.daemon(workers=1, queue={"limit": 0}, health={"interval": "1h"})
        with held(*daemon.pids()):
            first = in_background(daemon.ask, "Rules?")
            daemon.wait_busy(1)
            done = run("ask", "--socket", daemon.socket, "Rules?")
            self.assertEqual(done.returncode, 4)
            self.assertIn("overloaded", done.stderr)
        self.assertEqual(first.result(30), RULES)


class Checks(unittest.TestCase):
    def test_check_config(self):
        with tempfile.TemporaryDirectory() as folder:
            good, bad = f"{folder}/good.yaml", f"{folder}/bad.yaml"
            with open(good, "w") as file:
                file.write(f"pools:\n  - model: {MODEL}\n")
            with open(bad, "w") as file:
                file.write("pools:\n  - modle: x\n")
            self.assertEqual(run("check-config", good).returncode, 0)
            done = run("check-config", bad)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f'{bad}:2:5: pools[0].modle: unknown key "modle"; did you mean "model"?', done.stderr)

    def test_doctor_tries_a_real_worker(self):
        done = run("doctor", "--model", MODEL, "--llama-cli", corral.LLAMA_CLI)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("a worker loaded and answered", done.stdout)
        self.assertIn("its llama-cli keeps the pipe contract", done.stdout)
        self.assertNotIn("systemd", done.stdout)
        done = run("doctor", "--model", "/nowhere.gguf", "--llama-cli", corral.LLAMA_CLI)
        self.assertEqual(done.returncode, 1)
        self.assertIn("BAD   /nowhere.gguf: ", done.stdout)

    def test_doctor_tells_of_a_llama_cli_that_cannot_be_interrupted(self):
        pool = {"model": str(MODEL), "workers": 1, "threads": 1, "llama_cli": corral.FAKE_LLAMA_CLI, "confine": "off",
                "env": {"FAKE_LLAMA_CLI": "ignore=INT token-ms=100"}}
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump({"pools": [pool], "timeouts": {"cancel": "200ms"}}, file)
            file.flush()
            done = run("doctor", "--config", file.name)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("warn  pool default: an answer that is cut ends this llama-cli (killed: did not stop answering in time)",
                      done.stdout)

    def test_help_and_version(self):
        self.assertRegex(run("--version").stdout, r"^corral \d+\.\d+\.\d+\n$")
        for command in ("serve", "ask", "chat", "status", "check-config", "doctor"):
            done = run(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("Exit codes", done.stdout)


if __name__ == "__main__":
    unittest.main()
