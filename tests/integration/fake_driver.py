"""One llama-cli, real or fake, driven over its pipes without corral: what it writes is read packet by packet."""
import os
import pathlib
import select
import signal
import subprocess
import tempfile
import unittest

from corral import FAKE_LLAMA_CLI, MODEL, tied
from processes import PROC, stat

OPENING = b"Chat history cleared.\n\n> "
PATIENCE = 20.0
ESCAPES = {"\x1d": "\x1dg", "\n": "\x1dn", "\x1e": "\x1dr", "\x1f": "\x1du"}


def encoded(messages, prefill=""):
    """The conversation as corral writes it on one line."""
    entries = messages + ([("prefill", prefill)] if prefill else [])
    texts = [f"\x1e{role}\x1f" + "".join(ESCAPES.get(c, c) for c in text) for role, text in entries]
    return "".join(texts) + "\x1e"


def echo(nonce):
    return f"Error: file does not exist or cannot be opened: '/{nonce}'\n\n> ".encode()


class Driven:
    def __init__(self, script="", *options, program=FAKE_LLAMA_CLI):
        self.output, output = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            tied(program, "-m", MODEL, *options), stdin=subprocess.PIPE, stdout=output, stderr=self.errors,
            env=os.environ | {"FAKE_LLAMA_CLI": script, "GGML_NO_BACKTRACE": "1"})
        os.close(output)
        self.pid = self.process.pid
        self.nonces = 0

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.errors.close()
        os.close(self.output)

    def send(self, text):
        os.write(self.process.stdin.fileno(), text.encode())

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def silent(self, seconds):
        return not select.select([self.output], [], [], seconds)[0]

    def packet(self):
        """The next packet, empty at the end of stdout."""
        if self.silent(PATIENCE):
            raise AssertionError(f"nothing written in {PATIENCE:g} s; log: {self.log()[-1000:]}")
        return os.read(self.output, 1 << 16)

    def until(self, end):
        """The packets up to the one with which `end` is complete, or to the end of stdout."""
        packets = []
        while not b"".join(packets).endswith(end) and b"" not in packets:
            packets.append(self.packet())
        return packets

    def ready(self):
        """Waits for the prompt, as corral does."""
        self.sentinel()
        return self

    def sentinel(self):
        nonce = self.next_nonce()
        self.send(f"/read /{nonce}\n")
        return self.until(echo(nonce))

    def next_nonce(self):
        self.nonces += 1
        return f"{self.nonces:032x}"

    def request(self, text, prefill="", line=None):
        """Writes one request whole and returns the trailer that ends what comes back."""
        nonce = self.next_nonce()
        self.send(f"/clear\n{line or encoded([('user', text)], prefill)}\n/read /{nonce}\n")
        return b"\n> " + echo(nonce)

    def ask(self, text, prefill="", line=None):
        """The tokens of a whole answer, the newline that is added included."""
        trailer = self.request(text, prefill, line)
        packets = self.until(trailer)
        if packets[0] != OPENING or b"".join(packets[-2:]) != trailer:
            raise AssertionError(f"framed wrongly: {packets}")
        return packets[1:-2]

    def answer(self, text, prefill=""):
        return b"".join(self.ask(text, prefill)).decode().removesuffix("\n")

    def so_far(self, text, length):
        """Asks, and returns exactly the first bytes of the answer."""
        self.request(text)
        got = b""
        while len(got) < len(OPENING) + length:
            got += self.packet()
        return got.removeprefix(OPENING).decode()

    def finish(self):
        """Closes stdin and returns the exit code."""
        self.process.stdin.close()
        return self.process.wait(PATIENCE)

    def wait(self):
        return self.process.wait(PATIENCE)

    def log(self):
        size = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), size, 0).decode(errors="replace")

    def cpu_ticks(self):
        return sum(map(int, stat(self.pid)[11:13]))

    def anonymous_mib(self):
        lines = (PROC / str(self.pid) / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


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
