"""The fake llama-cli (tests/fake_llama_cli) alone: each of its ways to misbehave."""
import signal
import time
import unittest

from fake_driver import OPENING, FakeTest
from processes import stat, wait_for

COUNT = "Count to 20."
TWENTY = " ".join(map(str, range(1, 21)))
BRIEFLY = 0.2  # seconds in which something must not happen


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

    def test_if(self):
        file = self.folder / "file"
        text = f"{COUNT} [if {file} exit 3 at 0]"
        fake = self.ready()
        self.assertEqual(fake.answer(text), TWENTY)
        file.touch()
        fake.request(text)
        self.assertEqual(fake.wait(), 3)

    def test_zombie(self):
        fake = self.ready()
        self.assertEqual(fake.so_far(f"{COUNT} [zombie at 3]", 3), "1 2")
        wait_for(lambda: stat(fake.pid)[0] == "Z", "the main thread's end")
        self.assertTrue(fake.silent(BRIEFLY))
        self.assertIsNone(fake.process.poll())

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

    def test_wrong_echo(self):
        fake = self.ready("wrong-echo=2")
        fake.send("/read /x\n")
        self.assertIn(b"'/wrong'", fake.packet())
        self.assertEqual(fake.answer(COUNT), TWENTY)

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
