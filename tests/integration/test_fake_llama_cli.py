"""The fake llama-cli (tests/fake_llama_cli) alone: that it speaks as the real one does."""
import re
import signal
import unittest

from corral import LLAMA_CLI
from fake_driver import OPENING, FakeTest
from processes import pending, stat, wait_for

COUNT = "Count to 20."
ENGINE_LINES = ("processing task", "task.n_tokens =", "cached n_tokens =", "eval time =", "stop processing:", "cancel task")


def engine_log(driven):
    """The log's lines that corral reads, without time, figures and what follows them in brackets."""
    lines = [line for line in driven.log().splitlines() if any(part in line for part in ENGINE_LINES)]
    return [re.sub(r" *\d[\d.]*", " N", re.sub(r"^\S+ | \(.*", "", line)) for line in lines]


def completion_tokens(driven):
    return re.findall(r"\| +eval time = .* / +(\d+) tokens", driven.log())


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
                self.assertEqual(completion_tokens(fake), completion_tokens(real))
                self.assertEqual(len(completion_tokens(fake)), 2)
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
        wait_for(lambda: not pending(fake.pid, signal.SIGINT), "the first being taken")
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


if __name__ == "__main__":
    unittest.main()
