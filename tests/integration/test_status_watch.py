"""corral status --watch on a terminal: what it shows changes by itself, also while the server is away."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from corral import BINARY, CorralTest, tied
from processes import held, wait_for

PATIENCE = 20.0


class Terminal:
    """A terminal with the command on it. Only the last picture counts: each begins at the top."""

    def __init__(self, *command, columns=160):
        self.master, slave = pty.openpty()
        self.resize(columns)
        self.process = subprocess.Popen(tied(*command), stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        env=os.environ | {"TERM": "xterm"}, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.written = ""

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))

    def wait(self, *patterns):
        """The first picture from now on in which all patterns are found."""
        end = time.monotonic() + PATIENCE
        while True:
            pictures = self.written.split("\x1b[H")
            for picture in pictures[1:-1] + ([pictures[-1]] if pictures[-1].endswith("\x1b[J") else []):
                if all(re.search(pattern, picture) for pattern in patterns):
                    self.written = ""
                    return picture
            if time.monotonic() > end or not select.select([self.master], [], [], PATIENCE)[0]:
                raise AssertionError(f"never shown together: {patterns}; the last: {pictures[-1]}")
            self.written += os.read(self.master, 1 << 16).decode(errors="replace")

    def type(self, text):
        os.write(self.master, text.encode())

    def rest(self):
        """What is written until the command has ended."""
        text = self.written
        try:
            while piece := os.read(self.master, 1 << 16):
                text += piece.decode(errors="replace")
        except OSError:
            pass  # how a terminal without anybody on it ends
        self.process.wait(PATIENCE)
        return text

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


class Watch(CorralTest):
    def terminal(self, daemon, **named):
        terminal = Terminal(BINARY, "status", "--watch", "--socket", daemon.socket, **named)
        self.addCleanup(terminal.close)
        return terminal

    def test_it_shows_what_happens_until_ctrl_c(self):
        daemon = self.daemon(workers=2, health={"interval": "1h"})
        terminal = self.terminal(daemon)
        terminal.wait("default/1 +ready", "default/2 +ready", "queue 0/64", "memory +.* GiB: weights", "Ctrl-C leaves")
        stream = daemon.stream("Count to 200.")
        stream.first_text()
        daemon.wait_busy(1)
        victim = next(worker for worker in daemon.workers() if worker["state"] == "busy")
        with held(victim["pid"]):
            terminal.wait(rf"{victim['id']} +in use +\S+ s +\S+ s, \d+ tokens")
            os.kill(victim["pid"], signal.SIGKILL)
        terminal.wait(r"last deaths +\S+ s ago +" + victim["id"] + r"  killed: signal 9 \(Killed\)")
        list(stream)
        terminal.wait("default/1 +ready", "default/2 +ready", "1 answered, 0 failed", "tokens/s +[▁█ ]+", "answered +[▁█ ]+ +p50")
        terminal.type("\x03")
        self.assertTrue(terminal.rest().endswith("\x1b[?7h\x1b[?25h\x1b[?1049l"))
        self.assertEqual(terminal.process.returncode, 0)

    def test_it_waits_for_a_server_that_went_away(self):
        daemon = self.daemon(workers=1)
        terminal = self.terminal(daemon)
        terminal.wait("default/1 +ready")
        daemon.signal()
        daemon.wait_end()
        terminal.wait("Connection lost, trying again", "default/1")
        daemon.start()
        picture = terminal.wait(f"default/1 +ready .* {daemon.pids()[0]} ")
        self.assertNotIn("Connection lost", picture)

    def test_another_size_is_drawn_at_once(self):
        daemon = self.daemon(workers=1, health={"interval": "1h"})
        daemon.ask("Count to 20.")
        terminal = self.terminal(daemon)
        wide = re.search("tokens/s +([▁-█]+)", terminal.wait("tokens/s +[▁-█]"))[1]
        terminal.resize(60)
        narrow = re.search("tokens/s +([▁-█]+)", terminal.wait(r"tokens/s +[▁-█]{1,12}  "))[1]
        self.assertLess(len(narrow), len(wide))

    def test_without_a_terminal_it_is_one_report_after_another(self):
        daemon = self.daemon(workers=1)
        with subprocess.Popen(tied(BINARY, "status", "--watch", "--json", "--socket", daemon.socket),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            self.addCleanup(process.kill)
            self.assertEqual(json.loads(process.stdout.readline())["pools"][0]["workers"][0]["state"], "ready")
            os.kill(daemon.pids()[0], signal.SIGKILL)
            wait_for(lambda: json.loads(process.stdout.readline())["pools"][0]["deaths"], "the death being told")
            daemon.signal()
            self.assertIn("ended the stream", process.communicate(timeout=PATIENCE)[1])
            self.assertEqual(process.returncode, 5)
        self.assertEqual(daemon.wait_end(), 0)


if __name__ == "__main__":
    unittest.main()
