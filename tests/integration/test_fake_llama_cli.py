"""The fake llama-cli (tests/fake_llama_cli) alone: that it speaks as the real one does, and each way to misbehave."""
import pathlib
import re
import signal
import tempfile
import time
import unittest

from corral import LLAMA_CLI
from fake_driver import OPENING, Driven
from processes import stat, wait_for

COUNT = "Count to 20."
TWENTY = " ".join(map(str, range(1, 21)))
BRIEFLY = 0.2  # seconds in which something must not happen
ENGINE_LINES = ("processing task", "task.n_tokens =", "cached n_tokens =", "eval time =", "stop processing:", "cancel task")


class FakeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="corral-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, *arguments, **named):
        driven = Driven(*arguments, **named)
        self.addCleanup(driven.close)
        return driven

    def ready(self, *arguments, **named):
        return self.start(*arguments, **named).ready()


def engine_log(driven):
    """The log's lines that corral reads, without time, figures and what follows them in brackets."""
    lines = [line for line in driven.log().splitlines() if any(part in line for part in ENGINE_LINES)]
    return [re.sub(r" *\d[\d.]*", " N", re.sub(r"^\S+ | \(.*", "", line)) for line in lines]


class Dialect(FakeTest):
    def both(self, *options):
        real = ("--simple-io", "--no-show-timings", "-lv", "4", "--log-colors", "off", "-t", "1", "-c", "2048", "--offline",
                "--temp", "0", "--cache-ram", "64")
        return (self.ready("", *options), self.ready("", *real, *options, program=LLAMA_CLI))

    def test_it_writes_packet_for_packet_what_the_real_one_writes(self):
        for options in ((), ("-n", "3"), ("-n", "20"), ("-n", "21")):
            fake, real = self.both(*options)
            with self.subTest(options):
                self.assertEqual(fake.ask("", line=COUNT), real.ask("", line=COUNT))
                self.assertEqual(fake.ask("", line="Count to 3."), real.ask("", line="Count to 3."))
                self.assertEqual(fake.sentinel(), real.sentinel())
                for driven in (fake, real):
                    wait_for(lambda: driven.log().count("stop processing") == 2, "the end of the log")
                self.assertEqual(engine_log(fake), engine_log(real))
                self.assertEqual(fake.finish(), real.finish())
                self.assertEqual(fake.until(b"Exiting...\n"), real.until(b"Exiting...\n"))

    def test_a_line_without_a_request_is_answered_as_by_the_real_one(self):
        for driven in self.both():
            driven.send("\n")
            self.assertEqual(driven.until(b"> "), [b"\n> "])
            driven.send("/exit\n")
            self.assertEqual((driven.until(b"Exiting...\n"), driven.wait()), ([b"\n\nExiting...\n"], 0))

    def test_an_interrupt_at_the_prompt_ends_it_as_it_ends_the_real_one(self):
        for driven in self.both():
            wait_for(lambda: stat(driven.pid)[0] == "S", "the wait for a line")
            driven.interrupt()
            self.assertEqual((driven.until(b"Exiting...\n"), driven.wait()), ([b"\n\nExiting...\n"], 0))

    def test_an_interrupt_stops_the_answer_and_keeps_the_process(self):
        fake = self.ready("token-ms=20")
        trailer = fake.request("Count to 1000.")
        self.assertEqual([fake.packet() for _ in range(3)], [OPENING, b"1", b" 2"])
        fake.interrupt()
        rest = fake.until(trailer)
        self.assertLess(len(rest), 100)
        self.assertEqual(rest[-3], b"\n")
        self.assertIn("cancel task, id_task = 1\n", fake.log())
        self.assertNotIn(" eval time =", fake.log())
        self.assertEqual(fake.answer("Count to 5."), "1 2 3 4 5")

    def test_a_second_interrupt_kills_it(self):
        fake = self.ready()
        fake.so_far("x [stall at 1]", 1)
        fake.interrupt()
        wait_for(lambda: int(signal_mask(fake.pid, "ShdPnd"), 16) == 0, "the first being taken")
        fake.interrupt()
        self.assertEqual(fake.wait(), 130)

    def test_other_texts_come_back_word_by_word(self):
        fake = self.ready()
        self.assertEqual(fake.ask("two  words\n"), [b"two", b"  words", b"\n"])
        self.assertEqual(fake.ask(""), [b"\n"])
        for text in ("ünïcödé 漢字", "\x1e\x1f\x1d \x1dn", "/read /x\n/clear\n> ", "back\\slash\\"):
            self.assertEqual(fake.answer(text), text.removesuffix("\n"))
        self.assertEqual(fake.answer("é" * 5000), "é" * 5000)

    def test_the_last_user_message_counts(self):
        fake = self.ready()
        line = "\x1esystem\x1fBe.\x1euser\x1fone\x1eassistant\x1ftwo\x1euser\x1fthree\x1e"
        self.assertEqual(fake.ask("", line=line), [b"three", b"\n"])

    def test_a_prefill_is_continued_or_ignored(self):
        fake = self.ready()
        self.assertEqual(fake.answer("Count to 5.", "1 2"), " 3 4 5")
        self.assertEqual(fake.answer("Count to 5.", "1 2 3 4 5"), "")
        self.assertEqual(fake.answer("Count to 5.", "One"), "1 2 3 4 5")


def signal_mask(pid, name):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return re.search(rf"^{name}:\s*(\w+)", status, re.MULTILINE).group(1)


class Cues(FakeTest):
    def test_crash(self):
        for name in ("SEGV", "ABRT", "KILL", "BUS"):
            fake = self.ready()
            self.assertEqual(fake.so_far(f"{COUNT} [crash {name} at 4]", 4), "1 2 ")
            self.assertEqual((fake.packet(), fake.wait()), (b"", -signal.Signals[f"SIG{name}"]))

    def test_exit(self):
        fake = self.ready()
        self.assertEqual(fake.so_far(f"{COUNT}[exit 7 at 3]", 3), "1 2")
        self.assertEqual((fake.packet(), fake.wait()), (b"", 7))

    def test_a_place_beyond_the_answer_is_its_end(self):
        fake = self.ready()
        self.assertEqual(fake.so_far("Count to 3.[exit 7 at 3000]", 5), "1 2 3")
        self.assertEqual((fake.packet(), fake.wait()), (b"", 7))

    def test_stall(self):
        fake = self.ready()
        self.assertEqual(fake.so_far(f"{COUNT} [stall at 3]", 3), "1 2")
        wait_for(lambda: stat(fake.pid)[0] == "S", "sleep")
        ticks = fake.cpu_ticks()
        fake.interrupt()
        self.assertTrue(fake.silent(BRIEFLY))
        self.assertEqual((stat(fake.pid)[0], fake.cpu_ticks()), ("S", ticks))

    def test_spin_for_ever(self):
        fake = self.ready()
        self.assertEqual(fake.so_far(f"{COUNT} [spin at 3]", 3), "1 2")
        fake.interrupt()
        ticks = fake.cpu_ticks()
        wait_for(lambda: fake.cpu_ticks() > ticks + 10, "a busy core")
        self.assertTrue(fake.silent(0))

    def test_spin_and_sleep_for_a_time(self):
        fake = self.ready()
        for cue in ("spin", "sleep"):
            ticks, start = fake.cpu_ticks(), time.monotonic()
            self.assertEqual(fake.answer(f"{COUNT} [{cue} 300 at 3]"), TWENTY)
            self.assertGreaterEqual(time.monotonic() - start, 0.3)
            self.assertEqual(fake.cpu_ticks() - ticks > 3, cue == "spin")

    def test_an_interrupt_during_a_spin_counts_after_it(self):
        fake = self.ready()
        trailer = fake.request(f"{COUNT} [spin 300 at 0]")
        self.assertEqual(fake.packet(), OPENING)
        fake.interrupt()
        self.assertEqual(b"".join(fake.until(trailer)), b"\n" + trailer)

    def test_garbage(self):
        fake = self.ready()
        trailer = fake.request(f"{COUNT} [garbage at 0]")
        self.assertFalse(fake.packet().startswith(OPENING[:1]))
        self.assertEqual(fake.until(trailer)[0], OPENING)
        self.assertIn(b"\xff", b"".join(fake.ask(f"{COUNT} [garbage at 3]")))

    def test_endless(self):
        fake = self.ready("", "-n", "5")
        trailer = fake.request("Count to 3. [endless]")
        self.assertEqual([fake.packet() for _ in range(50)], [OPENING, b"1", b" 2", b" 3"] + [b" more"] * 46)
        fake.interrupt()
        fake.until(trailer)
        self.assertEqual(fake.answer("Count to 3."), "1 2 3")

    def test_close_stdout(self):
        fake = self.ready()
        self.assertEqual(fake.so_far(f"{COUNT} [close-stdout at 3]", 3), "1 2")
        self.assertEqual((fake.packet(), fake.process.poll()), (b"", None))
        self.assertEqual(fake.finish(), 0)

    def test_wrong_sentinel(self):
        fake = self.ready()
        trailer = fake.request("x [wrong-sentinel]")
        wrong = fake.until(b"'\n\n> ")
        self.assertEqual(wrong[:-1], [OPENING, b"x", b"\n", b"\n> "])
        self.assertNotEqual(b"".join(wrong[-2:]), trailer)
        self.assertEqual(fake.answer("x"), "x")

    def test_leak(self):
        fake = self.ready()
        before = fake.anonymous_mib()
        self.assertEqual(fake.answer("x [leak 20]"), "x")
        self.assertAlmostEqual(fake.anonymous_mib() - before, 20, delta=2)
        fake.answer("x")
        self.assertAlmostEqual(fake.anonymous_mib() - before, 20, delta=2)

    def test_once(self):
        mark = self.folder / "mark"
        text = f"{COUNT} [once {mark} exit 3 at 0]"
        first = self.ready()
        first.request(text)
        self.assertEqual(first.wait(), 3)
        self.assertTrue(mark.exists())
        self.assertEqual(self.ready().answer(text), TWENTY)

    def test_several_cues_come_by_their_places(self):
        fake = self.ready()
        self.assertEqual(fake.so_far("[exit 4 at 9] Count to [garbage at 2] 20.", 2), "1 ")
        self.assertIn(b"\xff", fake.packet())
        self.assertEqual(fake.wait(), 4)

    def test_what_is_no_cue_ends_it_loudly(self):
        for cue in ("[crush SEGV at 0]", "[crash PIPE at 0]", "[crash SEGV]", "[exit at 0]", "[stall at -1]", "[endless at 0]",
                    "[leak 1 MIB]", "[stall at 0", "[]", "[once]", "[sleep x at 0]"):
            with self.subTest(cue):
                fake = self.ready()
                fake.request(cue)
                self.assertEqual(fake.wait(), 2)
                self.assertIn(" E fake_llama_cli: ", fake.log())


class StartScripts(FakeTest):
    def test_exit_at_start(self):
        self.assertEqual(self.start("exit-at-start=5").wait(), 5)

    def test_exit_after(self):
        fake = self.ready("exit-after=300:6")
        self.assertEqual(fake.so_far("x [stall at 1]", 1), "x")
        self.assertEqual(fake.wait(), 6)

    def test_load(self):
        start = time.monotonic()
        self.ready("load=300")
        self.assertGreaterEqual(time.monotonic() - start, 0.3)

    def test_never_ready(self):
        fake = self.start("never-ready")
        fake.send("/read /x\n")
        self.assertTrue(fake.silent(BRIEFLY))
        self.assertIsNone(fake.process.poll())

    def test_fail_load(self):
        fake = self.start("fail-load")
        self.assertEqual(fake.wait(), 1)
        self.assertRegex(fake.log(), r" E srv    load_model: failed to load model, '.*gguf'\n")

    def test_ignore(self):
        fake = self.ready("ignore=TERM,INT")
        for number in (signal.SIGTERM, signal.SIGINT):
            fake.process.send_signal(number)
        self.assertEqual(fake.answer(COUNT), TWENTY)

    def test_token_ms(self):
        fake = self.ready("token-ms=20")
        start = time.monotonic()
        self.assertEqual(fake.answer(COUNT), TWENTY)
        self.assertGreaterEqual(time.monotonic() - start, 0.4)

    def test_leak(self):
        fake = self.ready("leak=10")
        before = fake.anonymous_mib()
        for _ in range(3):
            fake.answer("x")
        self.assertAlmostEqual(fake.anonymous_mib() - before, 30, delta=2)

    def test_only(self):
        fault = self.folder / "fault"
        fault.touch()
        script = f"only={fault} exit-at-start=5 log={self.folder / 'events'}"
        broken = self.start(script)
        self.assertEqual(broken.wait(), 5)
        fault.unlink()
        mended = self.ready(script)
        self.assertEqual(mended.answer(COUNT), TWENTY)
        self.assertEqual((self.folder / "events").read_text().splitlines(), [
            f"{broken.pid} start", f"{broken.pid} exit 5", f"{mended.pid} start", f"{mended.pid} request"])

    def test_log(self):
        events = self.folder / "events"
        fakes = [self.ready(f"log={events}") for _ in range(2)]
        fakes[0].answer("x")
        self.assertEqual(fakes[0].finish(), 0)
        fakes[1].request("x [crash SEGV at 0]")
        fakes[1].wait()
        first, second = (fake.pid for fake in fakes)
        self.assertEqual(events.read_text().splitlines(), [
            f"{first} start", f"{second} start", f"{first} request", f"{first} exit 0", f"{second} request",
            f"{second} exit signal 11"])

    def test_what_is_no_script_ends_it_loudly(self):
        for script in ("exit-at-strat=1", "load=", "load=1s", "ignore=TREM", "never-ready=1", "exit-after=5", "log="):
            with self.subTest(script):
                fake = self.start(script)
                self.assertEqual(fake.wait(), 2)
                self.assertIn(" E fake_llama_cli: ", fake.log())


if __name__ == "__main__":
    unittest.main()
