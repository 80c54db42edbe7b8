"""Pools in which nothing works: told, tried seldom, at little cost, and well again soon after the trouble is over. All
troubles are watched at the same time, each with a daemon of its own."""
import os
import pathlib
import signal
import struct
import time
import unittest

import corral
from corral import FAKE_LLAMA_CLI, MODEL, in_background
from faked import COUNT, TWENTY, CpuWatch, FakedTest
from processes import wait_for
from reference import RULES

WORKERS = 2
MAX_SECONDS = 3.0
RESTART = {"initial": "100ms", "max": "3s", "storm_deaths": 3, "storm_window": "30s"}
TOLD = "failing: 3 workers died within 30s"
WATCHED_SECONDS = 5.0
# The first ones, those that replace them, one soon after the storm began, and one every MAX_SECONDS.
STARTS_MAX = WORKERS + WORKERS + 1 + 1 + int(WATCHED_SECONDS / MAX_SECONDS) + 1
AARCH64 = 183
LOAD_SECONDS = 10.0  # of the real llama-cli on a busy machine


def foreign_program():
    """The header of an ELF program for another machine, and nothing behind it."""
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    return ident + struct.pack("<HHIQQQIHHHHHH", 2, AARCH64, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0) + bytes(56)


def put(content, file):
    """Another file in the place of one that may be in use."""
    fresh = file.with_suffix(".fresh")
    fresh.write_bytes(content)
    fresh.chmod(0o755)
    if file.is_dir():
        file.rmdir()
    fresh.replace(file)


class Trouble:
    """A daemon with workers that cannot live, as a test has arranged it, until `mend()`."""

    def __init__(self, test, name, why, question=COUNT, answer=TWENTY):
        self.test, self.name, self.why, self.question, self.answer = test, name, why, question, answer
        self.folder = test.folder / name
        self.folder.mkdir()
        self.program, self.model, self.fault = (self.folder / file for file in ("llama-cli", "model.gguf", "fault"))
        self.mend = self.fault.unlink

    def start(self, program, script="", ready=True):
        counted = self.folder / "counted"
        counted.write_text(f'#!/bin/sh\necho "$$ start" >> {self.folder}/events\nexec {program} "$@"\n')
        counted.chmod(0o755)
        pool = {"llama_cli": str(counted), "model": str(self.model), "env": {"FAKE_LLAMA_CLI": script}, "confine": "off"}
        self.model.write_bytes(MODEL.read_bytes())
        self.daemon = self.test.daemon(workers=WORKERS, pool=pool, ready=ready, restart=RESTART, health={"interval": "1h"})
        return self

    def scripted(self, words):
        self.fault.touch()
        return self.start(FAKE_LLAMA_CLI, f"{words} only={self.fault}", ready=False)

    def killing(self, damage):
        damage()
        for pid in self.daemon.pids():
            os.kill(pid, signal.SIGKILL)
        return self

    def starts(self):
        return len((self.folder / "events").read_text().splitlines())

    def told(self):
        ready = self.daemon.get("/ready").json()
        return ready.get("failing", {}).get("default") or ready["error"]["message"]


class Storms(FakedTest):
    def program_trouble(self, name, why, damage):
        """What is wrong with the program that the daemon itself runs; it cannot count its own starts."""
        trouble = Trouble(self, name, why)
        put(pathlib.Path(FAKE_LLAMA_CLI).read_bytes(), trouble.program)
        trouble.model.write_bytes(MODEL.read_bytes())
        trouble.daemon = self.daemon(workers=WORKERS, pool={"llama_cli": str(trouble.program), "confine": "off"}, restart=RESTART)
        trouble.starts = lambda: WORKERS + sum(worker["restarts"] for worker in trouble.daemon.workers())
        trouble.mend = lambda: put(pathlib.Path(FAKE_LLAMA_CLI).read_bytes(), trouble.program)
        return trouble.killing(lambda: damage(trouble.program))

    def model_trouble(self, name, why, damage):
        trouble = Trouble(self, name, why, "Rules?", RULES).start(corral.LLAMA_CLI)
        trouble.mend = lambda: put(MODEL.read_bytes(), trouble.model)
        return trouble.killing(lambda: damage(trouble.model))

    def first_token_trouble(self):
        trouble = Trouble(self, "first-token", "signal 11").start(FAKE_LLAMA_CLI)
        trouble.fault.touch()
        for number in range(2, 6):
            in_background(trouble.daemon.chat, f"Count to {number}. [if {trouble.fault} crash SEGV at 0]")
        return trouble

    def troubles(self):
        def folder_instead(model):
            model.unlink()
            model.mkdir()

        yield Trouble(self, "at-once", "exit code 5").scripted("exit-at-start=5")
        yield Trouble(self, "after-a-while", "exit code 6").scripted("exit-after=300:6")
        yield self.first_token_trouble()
        yield self.program_trouble("no-program", "cannot run .*: No such file or directory", lambda file: file.unlink())
        yield self.program_trouble("foreign-program", "cannot run .*: Exec format error",
                                   lambda file: put(foreign_program(), file))
        yield self.model_trouble("no-model", "failed to open GGUF file .*model.gguf", lambda file: file.unlink())
        yield self.model_trouble("unreadable-model", "failed to read magic", folder_instead)  # root may read any file
        yield self.model_trouble("corrupt-model", "model is corrupted", lambda file: put(MODEL.read_bytes()[:100_000], file))

    def test_every_trouble_is_told_costs_little_and_is_over_when_it_is_mended(self):
        troubles = list(self.troubles())
        for trouble in troubles:
            wait_for(lambda: trouble.daemon.pool()["failing"], f"a failing pool of {trouble.name}")
        watches = [CpuWatch(trouble.daemon.process.pid) for trouble in troubles]
        began = [trouble.starts() for trouble in troubles]
        time.sleep(WATCHED_SECONDS)  # what must not happen cannot be awaited
        for trouble, watch, before in zip(troubles, watches, began):
            with self.subTest(trouble.name):
                self.assertLess(watch.share(), 0.05)
                self.assertIn(TOLD, trouble.told())
                self.assertRegex(trouble.told(), trouble.why)
                self.assertLessEqual(trouble.starts(), STARTS_MAX)
                self.assertLessEqual(trouble.starts() - before, 1 + int(WATCHED_SECONDS / MAX_SECONDS) + 1)
            trouble.mend()
        mended = time.monotonic()
        for trouble in troubles:
            with self.subTest(trouble.name):
                wait_for(lambda: trouble.daemon.get("/ready").status == 200, "a loaded worker", MAX_SECONDS + LOAD_SECONDS)
                self.assertEqual(trouble.daemon.ask(trouble.question), trouble.answer)
                wait_for(lambda: trouble.daemon.pool()["failing"] is None, "a pool that is well")
                trouble.daemon.wait_ready()
        self.assertLess(time.monotonic() - mended, 2 * MAX_SECONDS + 2 * LOAD_SECONDS)


if __name__ == "__main__":
    unittest.main()
