"""Takes the pictures of the documentation: a pool at work, for as long as MINUTES says, with a queue and a death.
    python3 -B tests/integration/pictures.py FOLDER [MINUTES]
Real workers with a model of noise, so that memory and speed are real; CORRAL_LLAMA_CLI as for the tests."""
import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import time

from browser import Browser
from corral import BINARY, MODEL, Daemon, in_background
from made_model import write_model
from test_openai import free_port
from test_status_watch import Terminal

KILL_EVERY = 150


def load(daemon, users, end, thinking):
    """So many users who ask, and read and think for up to so many seconds."""
    def user(number):
        draw = random.Random(number)
        while time.monotonic() < end:
            daemon.chat(f"Tell me {'more ' * draw.randint(1, 40)}", model="assistant", max_tokens=draw.randint(20, 160))
            time.sleep(draw.uniform(0, thinking))
    for number in range(users):
        in_background(user, number)


def main(folder, minutes):
    folder.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="corral-test-"))
    port = free_port()
    write_model(work / "assistant-q8_0.gguf", MODEL, embedding=1024, layers=16, heads=16, kv_heads=4, feed_forward=3072, kind="q8_0")
    daemon = Daemon(folder=work, through=["sh", "-c", f'cd {work}; exec "$@"', "sh"], restart={"max": "6s", "storm_deaths": 9},
                    pool={"name": "assistant", "model": "assistant-q8_0.gguf", "sampling": {"temperature": 1}, "context": 16384},
                    listen={"unix": {"path": str(work / "corral.sock")}, "tcp": {"address": "127.0.0.1", "port": port}})
    browser = None
    try:
        daemon.start()
        browser = Browser()
        stop = time.monotonic() + minutes * 60 + 60
        load(daemon, 5, stop, thinking=12)
        for _ in itertools.takewhile(lambda _: time.monotonic() < stop - 60 - KILL_EVERY, itertools.count()):
            time.sleep(KILL_EVERY)
            os.kill(next(pid for pid in daemon.pids() if pid), random.choice([signal.SIGKILL, signal.SIGSEGV]))
        load(daemon, 5, stop, thinking=0)  # now some have to wait
        browser.open(f"http://127.0.0.1:{port}/")
        browser.look(width=1160, height=700)
        browser.wait("[...document.querySelectorAll('.doing')].every(doing => /answering.*[/]s/.test(doing.innerText)) "
                     "&& document.querySelector('.queue.waiting')")
        browser.do("screenshot", path=str(folder / "status-page-light.png"))
        os.kill(daemon.pids()[1], signal.SIGKILL)
        browser.look(dark=True, width=390, height=844)
        browser.wait("document.querySelector('[data-state=backoff], [data-state=starting]')")
        browser.do("screenshot", path=str(folder / "status-page-dark-phone.png"))
        terminal = Terminal(BINARY, "status", "--watch", "--socket", daemon.socket, columns=150)
        picture = terminal.wait("assistant/1", "tokens/s")
        terminal.close()
        lines = re.sub(r"\x1b\[[KJ]|\r", "", picture).removesuffix("\nCtrl-C leaves\n").splitlines()
        plain = "\n".join(line.rstrip() for line in lines)
        (folder / "status-watch.txt").write_text(plain.strip("\n") + "\n")
    finally:
        if browser:
            browser.close()
        daemon.kill()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve(), float(sys.argv[2]) if len(sys.argv) > 2 else 16)
