"""scripts/examples: each program against a real corral, with the bundled model and with a llama-cli that misbehaves."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from corral import BINARY, FAKE_LLAMA_CLI, ROOT, CorralTest, SharedDaemonTest, in_background, tied
from processes import alive, family, held, send, wait_for
from reference import RULES

EXAMPLES = ROOT / "scripts/examples"
NAMES = ("summarise", "batch", "commit-message", "check-corral", "ask-with-curl")
QUICK_RESTART = {"initial": "50ms", "max": "100ms"}
OVERLOADED = "chat refused: 429"


def needs(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    reason = f"not installed: {', '.join(missing)} (scripts/setup installs it)"
    if missing:
        print(f"SKIPPED: a test of scripts/examples, {reason}", file=sys.stderr)
    return unittest.skipIf(missing, reason)


def environment(socket, more):
    return os.environ | {"CORRAL": BINARY, "CORRAL_SOCKET": str(socket)} | more


def run(name, socket, *words, stdin="", cwd=None, **more):
    return subprocess.run([EXAMPLES / name, *map(str, words)], input=stdin, capture_output=True, text=True, timeout=120,
                          cwd=cwd, env=environment(socket, more))


class ExampleTest(CorralTest):
    def fake(self, script="", pool=None, **named):
        pool = {"llama_cli": FAKE_LLAMA_CLI, "env": {"FAKE_LLAMA_CLI": script}} | (pool or {})
        return self.daemon(pool=pool, health={"interval": "1h"}, restart=QUICK_RESTART, **named)

    def make_folder(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="corral test ä "))
        self.addCleanup(shutil.rmtree, folder)
        return folder

    def assert_done(self, done, code=0):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def assert_waits_until_there_is_a_place(self, name, *words, **named):
        """The example meets a full corral, tries again and gets its answer when there is room."""
        daemon = self.fake(workers=1, queue={"limit": 0})
        with held(*daemon.pids()):
            first = in_background(daemon.ask, "Count to 2.")
            daemon.wait_busy(1)
            refused = run(name, daemon.socket, "--wait", 0, *words, **named)
            self.assertEqual(refused.returncode, 4, refused.stdout + refused.stderr)
            before = daemon.log().count(OVERLOADED)
            self.assertGreater(before, 0)
            patient = in_background(run, name, daemon.socket, *words, **named)
            wait_for(lambda: daemon.log().count(OVERLOADED) > before, "another refusal")
        self.assertEqual(first.result(30), "1 2")
        return self.assert_done(patient.result(90))


class AllOfThem(unittest.TestCase):
    def test_the_list_is_complete(self):
        self.assertEqual({file.name for file in EXAMPLES.iterdir()}, {*NAMES, "README.md"})
        manual = (EXAMPLES / "README.md").read_text()
        for name in NAMES:
            self.assertIn(f"**[{name}]({name})**", manual)

    def test_help_and_wrong_usage(self):
        for name in NAMES:
            done = run(name, "/nowhere/s", "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            self.assertRegex(done.stdout, r"(?s)^Usage: .*CORRAL_SOCKET.*Exit codes: 0")
            done = run(name, "/nowhere/s", "--no-such-option")
            self.assertEqual(done.returncode, 3 if name == "check-corral" else 2, name)
            self.assertIn("--no-such-option", done.stdout + done.stderr)

    @needs("shellcheck")
    def test_shellcheck(self):
        done = subprocess.run(["shellcheck", *(EXAMPLES / name for name in NAMES)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Summarise(ExampleTest):
    def test_the_bundled_model(self):
        daemon = self.daemon(workers=1)
        text = self.make_folder() / "my notes é.txt"
        text.write_text("Rules?\n")
        self.assertEqual(self.assert_done(run("summarise", daemon.socket, text)).stdout, RULES + "\n")
        done = self.assert_done(run("summarise", daemon.socket, "-n", 20, stdin="Rules?"))
        self.assertEqual(done.stdout, RULES + "\n")

    def test_a_long_text_is_cut_into_pieces_that_fit(self):
        daemon = self.daemon(workers=1, pool={"context": 1024, "max_tokens": 64})
        text = "\n\n".join(f"Paragraph {n}: " + "the llama trots along the trail and eats hay. " * 8 for n in range(20))
        done = self.assert_done(run("summarise", daemon.socket, "-v", stdin=text))
        self.assertRegex(done.stderr, r"too long for the model's context; trying pieces of 2000 bytes")
        self.assertRegex(done.stderr, r"round 1, piece 2 of \d+: ")
        self.assertTrue(done.stdout.strip())

    def test_no_character_is_lost_between_pieces(self):
        daemon = self.fake(workers=1)
        paragraphs = ["Short one.", "A line of words. " * 20, "ä€𝄞" * 60, "one\ntwo\n" * 30, "x" * 99, "end"]
        done = run("summarise", daemon.socket, "-v", "--piece", 100, stdin="\n \n\n".join(paragraphs))
        # The fake answers with the text that it got, and such summaries lead nowhere.
        self.assert_done(done, 5)
        self.assertIn("no shorter than the text", done.stderr)
        pieces = re.split(r"summarise: round 1, piece \d+ of \d+: ", done.stderr.rpartition("summarise: ")[0])[1:]
        self.assertGreater(len(pieces), 10)
        self.assertEqual("".join("".join(pieces).split()), "".join("".join(paragraphs).split()))
        for piece in pieces:
            self.assertLessEqual(len(piece.removesuffix("\n").encode()), 100)

    def test_failures(self):
        self.assert_done(run("summarise", "/nowhere/s", stdin="text"), 3)
        self.assert_done(run("summarise", "/nowhere/s", stdin=" \n"), 2)
        self.assert_done(run("summarise", "/nowhere/s", "/nowhere/file"), 2)
        daemon = self.fake(workers=1)
        done = self.assert_done(run("summarise", daemon.socket, stdin="Count to 3. [crash SEGV at 0]"), 5)
        self.assertEqual((done.stdout, len(done.stderr.splitlines())), ("", 1))

    def test_overloaded(self):
        done = self.assert_waits_until_there_is_a_place("summarise", stdin="Count to 3.")
        self.assertEqual(done.stdout, "1 2 3\n")


class Batch(ExampleTest):
    def prompts(self, *lines):
        file = self.make_folder() / "my prompts é.txt"
        file.write_text("".join(f"{line}\n" for line in lines))
        return file

    def answers(self, file):
        return {int(answer.name[:6]): answer.read_text() for answer in self.answers_folder(file).glob("*.txt")}

    def answers_folder(self, file):
        return file.with_name(file.name + ".answers")

    @needs("jq")
    def test_the_bundled_model(self):
        daemon = self.daemon(workers=2)
        file = self.prompts("Rules?", "", "Count to 3.\r", "-v", 'Say "a\\b"', "Rules?")
        done = self.assert_done(run("batch", daemon.socket, "-j", 2, "--json", file))
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(row["line"], row["prompt"]) for row in rows],
                         [(1, "Rules?"), (3, "Count to 3."), (4, "-v"), (5, 'Say "a\\b"'), (6, "Rules?")])
        self.assertEqual([rows[n]["answer"] for n in (0, 1, 3, 4)], [RULES, "1 2 3", '"a\\b"', RULES])
        self.assertEqual(self.answers(file)[3], "1 2 3\n")
        again = self.assert_done(run("batch", daemon.socket, "--json", file))
        self.assertEqual(again.stdout, done.stdout)
        self.assertIn("5 prompts: 0 answered, 5 done before", again.stderr)
        cut = self.assert_done(run("batch", daemon.socket, "--json", file, "--", "--max-tokens", 2))
        self.assertEqual(json.loads(cut.stdout.splitlines()[1])["answer"], "1 2")

    @needs("jq")
    def test_prompts_of_several_lines_from_stdin(self):
        daemon = self.fake(workers=1)
        folder = self.make_folder() / "-o ut"
        done = self.assert_done(run("batch", daemon.socket, "-0", "--json", "-o", folder, "-", stdin="ä\nb\0\0c\nd "))
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()], [
            {"line": 1, "prompt": "ä\nb", "answer": "ä\nb"}, {"line": 3, "prompt": "c\nd ", "answer": "c\nd "}])
        self.assert_done(run("batch", daemon.socket, "-", stdin="x"), 2)

    def test_many_prompts_each_once(self):
        daemon = self.fake(workers=2)
        file = self.prompts(*(f"Count to {n}." for n in range(1, 41)))
        self.assert_done(run("batch", daemon.socket, "-j", 4, file))
        self.assertEqual(self.answers(file), {n: " ".join(map(str, range(1, n + 1))) + "\n" for n in range(1, 41)})
        self.assertEqual(sum(worker["requests"] for worker in daemon.workers()), 40)

    def interrupted(self, end, code):
        """Ends a batch by end(process) while two prompts are answered and two have an answer; then goes on."""
        daemon = self.fake(workers=2)
        once = [daemon.folder / f"once{n}" for n in range(4)]
        file = self.prompts("Count to 1.", "Count to 2.",
                            *(f"Count to {n + 3}. [once {path} sleep 60000 at 0]" for n, path in enumerate(once)))
        # Whoever runs the tests may have told them to ignore SIGINT.
        batch = subprocess.Popen(tied("env", "--default-signal=INT", EXAMPLES / "batch", "-j", 2, file),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 start_new_session=True, env=environment(daemon.socket, {}))
        try:
            wait_for(lambda: once[0].exists() and once[1].exists(), "two prompts in flight", 60.0)
            members = family(batch.pid)
            self.assertGreaterEqual(len(members), 5)
            end(batch)
            output = batch.communicate(timeout=60)[0]
        finally:
            for process in family(batch.pid):
                send(process, signal.SIGKILL)
            batch.wait()
        self.assertEqual(batch.returncode, code, output)
        wait_for(lambda: not any(map(alive, members)), "the end of every process of the batch")
        self.assertEqual(self.answers(file), {1: "1\n", 2: "1 2\n"})
        before = {path: path.stat().st_ino for path in self.answers_folder(file).glob("*.txt")}
        if code > 0:
            self.assertEqual(list(self.answers_folder(file).glob(".*.part")), [])
            self.assertIn("the same command goes on", output)
        for path in once[2:]:
            path.touch()
        done = self.assert_done(run("batch", daemon.socket, "-j", 2, file))
        self.assertIn("6 prompts: 4 answered, 2 done before, 0 failed", done.stderr)
        self.assertEqual(self.answers(file)[6], "1 2 3 4 5 6\n")
        self.assertEqual({path: path.stat().st_ino for path in before}, before)
        self.assertEqual({path.suffix for path in self.answers_folder(file).iterdir()} - {""}, {".txt"})

    def test_control_c_and_resume(self):
        # As a terminal does: to the whole group.
        self.interrupted(lambda batch: os.killpg(batch.pid, signal.SIGINT), 130)

    def test_an_interrupt_of_the_batch_alone_and_resume(self):
        self.interrupted(lambda batch: batch.send_signal(signal.SIGINT), 130)

    def test_a_polite_end_and_resume(self):
        self.interrupted(lambda batch: batch.send_signal(signal.SIGTERM), 143)

    def test_a_hard_end_and_resume(self):
        def kill(batch):
            # The leader first: it would take the end of a job for a place for the next one.
            for process in sorted(family(batch.pid)):
                send(process, signal.SIGKILL)
        self.interrupted(kill, -signal.SIGKILL)

    def test_failed_prompts_are_listed_and_tried_again(self):
        daemon = self.fake(workers=1)
        file = self.prompts("Count to 3.", "Count to 4. [crash SEGV at 2]", "Count to 5.")
        done = self.assert_done(run("batch", daemon.socket, file), 5)
        self.assertRegex(done.stderr, r"line 2 failed: corral: the server refused the request: .*HTTP 422")
        self.assertEqual(self.answers(file), {1: "1 2 3\n", 3: "1 2 3 4 5\n"})
        done = self.assert_done(run("batch", daemon.socket, file), 5)
        self.assertIn("3 prompts: 0 answered, 2 done before, 1 failed", done.stderr)
        file.write_text(file.read_text().replace(" [crash SEGV at 2]", ""))
        self.assert_done(run("batch", daemon.socket, file))
        self.assertEqual(self.answers(file)[2], "1 2 3 4\n")

    def test_a_corral_that_goes_away_and_comes_back(self):
        self.assert_done(run("batch", "/nowhere/s", self.prompts("x")), 3)
        daemon = self.fake(workers=1)
        once = daemon.folder / "once"
        file = self.prompts("Count to 1.", f"Count to 2. [once {once} sleep 60000 at 0]", "Count to 3.", "Count to 4.")
        batch = in_background(run, "batch", daemon.socket, "-j", 1, "--wait", 0, file)
        wait_for(once.exists, "the second prompt being asked", 60.0)
        # Before its worker, or another one would answer.
        daemon.signal(signal.SIGKILL)
        daemon.kill()
        done = self.assert_done(batch.result(60), 3)
        self.assertIn("1 answered, 0 done before, 2 failed, 1 not asked", done.stderr)
        daemon.start()
        self.assert_done(run("batch", daemon.socket, file))
        self.assertEqual(self.answers(file), {1: "1\n", 2: "1 2\n", 3: "1 2 3\n", 4: "1 2 3 4\n"})

    def test_one_batch_in_a_folder(self):
        daemon = self.fake(workers=1)
        file = self.prompts("Count to 3.")
        with held(*daemon.pids()):
            first = in_background(run, "batch", daemon.socket, file)
            daemon.wait_busy(1)
            self.assertIn("another batch", self.assert_done(run("batch", daemon.socket, file), 2).stderr)
        self.assert_done(first.result(60))

    def test_overloaded(self):
        file = self.prompts("Count to 3.", "Count to 4.")
        self.assert_waits_until_there_is_a_place("batch", file)
        self.assertEqual(self.answers(file), {1: "1 2 3\n", 2: "1 2 3 4\n"})


@needs("git")
class CommitMessage(ExampleTest):
    def setUp(self):
        self.folder = self.make_folder()
        self.repository = self.folder / "my repo é"
        self.identity = {"HOME": str(self.folder), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
                         "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@localhost", "GIT_COMMITTER_NAME": "A",
                         "GIT_COMMITTER_EMAIL": "a@localhost", "GIT_EDITOR": "true"}
        subprocess.run(["git", "init", "-q", self.repository], check=True, env=os.environ | self.identity)

    def stage(self, text, name="a file é.txt"):
        (self.repository / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        self.git("add", ".")

    def git(self, *words, socket="/nowhere/s", code=0, **more):
        done = subprocess.run(["git", *words], cwd=self.repository, capture_output=True, text=True, timeout=120,
                              env=environment(socket, self.identity | more))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def message(self):
        return self.git("log", "-1", "--format=%B").stdout.strip()

    def run_example(self, socket, *words, **more):
        return run("commit-message", socket, *words, cwd=self.repository, **(self.identity | more))

    def install_hook(self):
        shutil.copy(EXAMPLES / "commit-message", self.repository / ".git/hooks/prepare-commit-msg")

    def test_the_bundled_model(self):
        daemon = self.daemon(workers=1)
        self.assert_done(self.run_example(daemon.socket), 1)
        self.stage("Rules?\n")
        printed = self.assert_done(self.run_example(daemon.socket)).stdout
        self.assertTrue(printed.strip())
        self.assert_done(self.run_example(daemon.socket, "--commit"))
        self.assertEqual(self.message(), printed.strip())

    def test_what_the_model_gets(self):
        daemon = self.fake(workers=1)
        self.stage("hello w\u00f6rld\n".encode("latin-1") + "gr\u00fc\u00dfe\n".encode() * 1000)
        shown = self.assert_done(self.run_example(daemon.socket, "--diff", 1001)).stdout
        for part in ("1 file changed, 1001 insertions(+)", "+hello wrld\n", "+grüße\n"):
            self.assertIn(part, shown)
        self.assertLess(len(shown.encode()), 1300)

    def test_a_change_longer_than_the_context(self):
        daemon = self.daemon(workers=1, pool={"context": 512, "max_tokens": 32})
        self.stage("The llama eats hay.\n" * 1000)
        self.assertTrue(self.assert_done(self.run_example(daemon.socket)).stdout.strip())

    def test_failures(self):
        self.stage("x\n")
        self.assert_done(self.run_example("/nowhere/s"), 3)
        self.assert_done(self.run_example("/nowhere/s", "--commit"), 3)
        self.assert_done(run("commit-message", "/nowhere/s", cwd=self.folder, **self.identity), 2)
        self.git("rev-parse", "HEAD", code=128)

    def test_overloaded(self):
        self.stage("x\n")
        self.assertIn("+x", self.assert_waits_until_there_is_a_place(
            "commit-message", cwd=self.repository, **self.identity).stdout)

    def test_the_hook_suggests(self):
        daemon = self.daemon(workers=1)
        self.install_hook()
        self.stage("Rules?\n")
        self.git("commit", "-q", socket=daemon.socket)
        self.assertTrue(self.message())
        for words in (["-m", "given"], ["--amend", "--no-edit"]):
            self.stage(f"{words}\n")
            self.git("commit", "-q", *words, socket=daemon.socket)
            self.assertEqual(self.message(), "given")

    def test_the_hook_never_breaks_a_commit(self):
        self.install_hook()
        daemon = self.fake(workers=1, queue={"limit": 0})
        mine = {"GIT_EDITOR": "sh -c 'printf \"mine\\n\" >\"$1\"' -"}

        def commit(text, reason, **more):
            self.stage(text)
            done = self.git("commit", "-q", **(mine | more))
            self.assertIn(reason, done.stderr)
            self.assertIn("no suggestion", done.stderr)
            self.assertEqual((self.message(), self.git("status", "--short").stdout), ("mine", ""))

        commit("down", "cannot connect")
        commit("gone", "not installed", CORRAL="/nowhere/corral")
        commit("[crash SEGV at 0]", "HTTP 422", socket=daemon.socket)
        daemon.wait_ready()
        with held(*daemon.pids()):
            busy = in_background(daemon.chat, "Count to 2.")
            daemon.wait_busy(1)
            commit("full", "overloaded", socket=daemon.socket)
        self.assertEqual(busy.result(60).text, "1 2")
        with held(*daemon.pids()):
            commit("slow", "answer failed", socket=daemon.socket, COMMIT_MESSAGE_SECONDS="1")


@needs("curl", "jq")
class CheckCorral(ExampleTest):
    def check(self, daemon, state, *words):
        """The words of one check, which must end in this state, and its numbers by label."""
        socket = daemon if isinstance(daemon, str) else daemon.socket
        done = run("check-corral", socket, *words)
        names = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
        self.assertEqual((done.returncode, done.stderr), (names.index(state), ""), done.stdout)
        line = re.fullmatch(r"CORRAL (\w+) - ([^|\n]+?)(?: \| ([^|\n]+))?\n", done.stdout)
        self.assertTrue(line, done.stdout)
        self.assertEqual(line[1], state)
        numbers = {}
        for number in (line[3] or "").split():
            label, value = re.fullmatch(r"'([^'=]+)'=(\d+(?:c|%)?(?:;(?:\d+:?)?){0,4})", number).groups()
            numbers[label] = value
        return line[2], numbers

    def test_the_bundled_model(self):
        words, numbers = self.check(self.daemon(workers=2), "OK")
        self.assertEqual(words, "default: 2/2 workers loaded, queue 0/64")
        self.assertEqual(numbers, {
            "default_loaded": "2;2:;1:;0;2", "default_busy": "0;;;0;2", "default_queue": "0;;;0;",
            "default_queue_fill": "0%;50;90;0;", "default_restarts": "0c"})

    def test_no_corral_or_no_sense(self):
        self.assertIn("cannot connect", self.check("/nowhere/s", "CRITICAL")[0])
        self.assertIn("cannot connect", self.check("/tmp", "CRITICAL", "-s", "/nowhere/a|b")[0])
        self.check("/nowhere/s", "UNKNOWN", "-w")
        self.check("/nowhere/s", "UNKNOWN", "-w", "many")

    def test_a_full_queue(self):
        daemon = self.fake(workers=1, queue={"limit": 4})
        with held(*daemon.pids()):
            clients = [in_background(daemon.ask, "Count to 2.") for _ in range(3)]
            daemon.wait_queue(2)
            words, numbers = self.check(daemon, "OK")
            self.assertEqual((words, numbers["default_queue_fill"], numbers["default_busy"]),
                             ("default: 1/1 workers loaded, queue 2/4", "50%;50;90;0;", "1;;;0;1"))
            self.check(daemon, "WARNING", "--queue-warning", 49)
            self.check(daemon, "CRITICAL", "--queue-critical", 49)
        self.assertEqual([client.result(60) for client in clients], ["1 2"] * 3)

    def test_workers_that_die(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="corral-test-"))
        broken = folder / "broken"
        daemon = self.fake(f"exit-at-start=3 only={broken}", workers=2, folder=folder)
        self.check(daemon, "OK")
        broken.touch()
        for process in [process for process in family(daemon.process.pid) if process[0] == daemon.pids()[0]]:
            send(process, signal.SIGKILL)
        wait_for(lambda: daemon.pool()["failing"], "the pool failing")
        words, numbers = self.check(daemon, "WARNING")
        self.assertIn("default: 1/2 workers loaded, queue 0/64, failing: ", words)
        self.assertEqual(numbers["default_loaded"], "1;2:;1:;0;2")
        self.check(daemon, "WARNING", "--workers-warning", 50)
        self.check(daemon, "CRITICAL", "--workers-critical", 51)
        for process in [process for process in family(daemon.process.pid) if process[0] in daemon.pids()]:
            send(process, signal.SIGKILL)
        wait_for(lambda: daemon.get("/ready").status == 503, "nobody being ready")
        words, numbers = self.check(daemon, "CRITICAL")
        self.assertIn("no worker has a loaded model", words)
        self.assertEqual(numbers["default_loaded"], "0;2:;1:;0;2")

    def test_no_answer_in_time(self):
        daemon = self.fake(workers=1)
        with held(daemon.process.pid):
            self.assertEqual(self.check(daemon, "CRITICAL", "-t", 1)[0], "/health did not answer within 1 s")


@needs("curl", "jq")
class AskWithCurl(ExampleTest, SharedDaemonTest):
    settings = {"workers": 1}

    def ask(self, *words, **named):
        return run("ask-with-curl", self.shared.socket, *words, **named)

    def test_answers(self):
        for words in ([], ["--no-stream"]):
            for question, answer in (("Rules?", RULES), ('Say "a\\b"', '"a\\b"'),
                                     ("Say HTTP/1.1 200 OK", "HTTP/1.1 200 OK")):
                done = self.ask(*words, question)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, answer + "\n", ""))
            self.assertEqual(self.ask(*words, "--max-tokens", 2, "-", stdin="Count to 9.\n").stdout, "1 2\n")
            self.assertEqual(self.ask(*words, "--system", "You are a guide.", "--", "Rules?").stdout, RULES + "\n")

    def test_text_arrives_as_it_is(self):
        daemon = self.fake(workers=1)
        for text in ("ä€𝄞 \"'\\n$(x)`", "two\n\nlines\tand a tab", "data: {", "-v"):
            for words in (["--no-stream", "--"], ["--"]):
                done = run("ask-with-curl", daemon.socket, *words, text)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, text + "\n", ""))

    def test_failures(self):
        for words in ([], ["--no-stream"]):
            for code, reason, done in (
                    (2, "question", self.ask(*words)),
                    (5, "there is no model", self.ask(*words, "--model", "other", "x")),
                    (3, "no corral", run("ask-with-curl", "/nowhere/s", *words, "x"))):
                self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn(reason, done.stderr)

    def test_a_failure_midway_is_told_from_an_answer(self):
        daemon = self.fake(workers=1, failover={"attempts": 1})
        done = run("ask-with-curl", daemon.socket, "Count to 9. [crash SEGV at 4]")
        self.assertEqual((done.returncode, done.stdout.split()), (5, ["1", "2"]), done.stderr)
        self.assertIn("the answer failed: ", done.stderr)
        self.assertEqual((len(done.stdout.splitlines()), len(done.stderr.splitlines())), (1, 1))
        for words in ([], ["--no-stream"]):
            daemon = self.fake(workers=1)
            once = daemon.folder / "once"
            answer = in_background(run, "ask-with-curl", daemon.socket, *words, f"Count to 9. [once {once} stall at 4]")
            wait_for(once.exists, "the question having arrived", 60.0)
            # Before its workers, or it would tell of their death.
            daemon.signal(signal.SIGKILL)
            daemon.kill()
            done = answer.result(60)
            self.assertEqual(done.returncode, 5, done.stdout + done.stderr)
            self.assertIn("the answer broke off", done.stderr)

    def test_overloaded(self):
        for words in ([], ["--no-stream"]):
            done = self.assert_waits_until_there_is_a_place("ask-with-curl", *words, "Count to 3.")
            self.assertEqual(done.stdout, "1 2 3\n")


if __name__ == "__main__":
    unittest.main()
