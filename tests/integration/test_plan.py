"""How much memory workers take: what `corral plan` says against what real workers of real pools have, `workers: auto`,
and what is said when it does not fit."""
import json
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import corral
from corral import MODEL, CorralTest
from made_model import write_model
from test_cli import run

MIB = 1 << 20


def planned(*words):
    done = run("plan", "--json", *words)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def mappings(pid):
    """The resident bytes of a process by file, and its anonymous ones."""
    files, anonymous, name = {}, 0, ""
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if head := re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)", line):
            name = head[1]
        elif figure := re.match(r"(Rss|Anonymous): +(\d+) kB", line):
            size = int(figure[2]) * 1024
            if figure[1] == "Rss":
                files[name] = files.get(name, 0) + size
            else:
                files[name] -= size
                anonymous += size
    return files, anonymous


def measured(pids):
    """The sum of the PSS of these processes, had they the machine for themselves. (In the kernel's own figure every
    other llama-cli that runs here takes its part of the libraries and of a model that it uses too.)"""
    files, total = {}, 0
    for pid in pids:
        of_this, anonymous = mappings(pid)
        total += anonymous
        for name, size in of_this.items():
            files[name] = max(files.get(name, 0), size)
    return total + sum(files.values())


def pss(pids):
    return sum(int(re.search(r"^Pss: +(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]) * 1024
               for pid in pids)


class Prediction(CorralTest):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="corral-plan-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        shape = {"embedding": 1024, "layers": 6, "heads": 16, "kv_heads": 4, "feed_forward": 3072, "vocabulary": 12000}
        cls.plain = write_model(folder / "plain.gguf", MODEL, kind="q8_0", **shape)
        cls.repacked = write_model(folder / "repacked.gguf", MODEL, kind="q4_0", embedding_kind="q6_k", **shape)

    def assert_near(self, predicted, real, what):
        print(f"{what}: predicted {predicted / MIB:.1f} MiB, measured {real / MIB:.1f} MiB, "
              f"{100 * (predicted / real - 1):+.1f} %")
        self.assertLess(abs(predicted - real), 0.15 * real, what)

    def compare(self, workers, model, long_prompt=False, **pool):
        pool = {"model": str(model), "context": 2048, "max_tokens": 16, "prompt_cache_mib": 0} | pool
        daemon = self.daemon(workers=workers, pool=pool)
        report = planned("--config", daemon.config, "--max", workers, "--ram", "64G")["pools"][0]
        plan = report["layouts"][-1]
        what = f"{workers} x {pathlib.Path(model).stem}, {pool['context']} tokens {pool.get('extra_args', '')}"
        self.assert_near(plan["loaded_bytes"], measured(daemon.pids()), what + ", loaded")
        # The kernel's own figure: others can only make it smaller, by what they may share with us.
        theirs = report["shared"]["code_bytes"] + (report["shared"]["weights_bytes"] if model == MODEL else 0)
        self.assertLess(pss(daemon.pids()), 1.15 * plan["loaded_bytes"])
        self.assertGreater(pss(daemon.pids()), 0.85 * (plan["loaded_bytes"] - theirs))
        if long_prompt:
            # Some 90 % of the context, so that all of the compute buffer was used.
            for _ in range(workers):
                daemon.ask("rules cards " * (pool["context"] * 45 // 200), max_tokens=1)
            self.assertTrue(all(worker["requests"] for worker in daemon.workers()), daemon.workers())
            self.assert_near(plan["busy_bytes"], measured(daemon.pids()), what + ", after a long prompt")
        daemon.stop()

    def test_the_bundled_model(self):
        for workers, context in ((1, 2048), (2, 1024), (4, 2048), (2, 8192)):
            with self.subTest(workers=workers, context=context):
                self.compare(workers, MODEL, context=context)

    def test_weights_are_shared(self):
        for workers, context in ((1, 4096), (2, 2048), (4, 1024)):
            with self.subTest(workers=workers, context=context):
                self.compare(workers, self.plain, context=context)

    def test_repacked_weights_are_not_shared(self):
        self.compare(2, self.repacked)
        self.compare(2, self.repacked, extra_args=["--no-repack"])

    def test_options(self):
        self.compare(2, self.plain, extra_args=["-lm", "none"])
        self.compare(2, self.plain, context=8192, extra_args=["-ctk", "q8_0", "-ctv", "q8_0"])

    def test_after_a_long_prompt(self):
        self.compare(1, MODEL, long_prompt=True)
        self.compare(1, self.plain, long_prompt=True)
        self.compare(1, self.plain, long_prompt=True, extra_args=["-fa", "off"])


class Plan(unittest.TestCase):
    def test_the_table(self):
        done = run("plan", "--model", MODEL, "--ram", "1G", "--headroom", "100M")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("WORKERS", "SHARED", "KV CACHE", "AT MOST", "7.50 MiB", "too much", "Shared, once for all workers",
                     "1.00 GiB (--ram), of which 100 MiB is kept free"):
            self.assertIn(word, done.stdout)
        self.assertRegex(done.stdout, r"\nworkers: [123]  \(")
        lines = [line for line in done.stdout.splitlines() if re.match(r" +\d+ ", line)]
        self.assertEqual(len(lines), 4, done.stdout)
        self.assertEqual(len({len(line) for line in lines}), 1)

    def test_more_memory_is_never_fewer_workers(self):
        numbers = [planned("--model", MODEL, "--ram", ram)["pools"][0]["workers"] for ram in ("400M", "800M", "4G", "40G")]
        self.assertEqual(numbers, sorted(numbers))
        self.assertLessEqual(numbers[-1], len(os.sched_getaffinity(0)))

    def test_rows(self):
        self.assertEqual(len(planned("--model", MODEL, "--max", 3)["pools"][0]["layouts"]), 3)
        self.assertEqual(len(planned("--model", MODEL, "--ram", "9T")["pools"][0]["layouts"]), 16)

    def test_what_does_not_work_has_its_exit_code_and_one_line(self):
        for words, code, told in ((["--model", "/nowhere.gguf"], 1, "/nowhere.gguf: "),
                                  (["--model", MODEL, "--ram", "100M"], 1, "not even one worker fits"),
                                  (["--model", MODEL, "--ram", "1G", "--headroom", "2G"], 1, "not even one worker fits"),
                                  ([], 2, "a model is needed"), (["--model", MODEL, "--ram", "8"], 2, "--ram: expected a size"),
                                  (["--model", MODEL, "--headroom", "100%"], 2, "--headroom: expected"),
                                  (["--model", MODEL, "--max", "0"], 2, "--max"),
                                  (["--config", "/nowhere.yaml"], 2, "/nowhere.yaml")):
            done = run("plan", *words)
            self.assertEqual(done.returncode, code, (words, done.stderr))
            self.assertIn(told, done.stderr)

    def test_help(self):
        done = run("plan", "--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("Exit codes", done.stdout)


class Auto(CorralTest):
    def test_a_server_starts_as_many_as_fit(self):
        daemon = self.daemon(workers="auto", pool={"prompt_cache_mib": 0})
        wanted = planned("--config", daemon.config)["pools"][0]["workers"]
        self.assertEqual(len(daemon.workers()), wanted)
        self.assertIn(f"pool default: workers auto is {wanted}: all workers may take ", daemon.log())

    def test_one_even_if_it_does_not_fit(self):
        daemon = self.daemon(workers="auto", memory={"headroom": "9000T"})
        self.assertEqual(len(daemon.workers()), 1)
        self.assertIn("TOO MUCH", daemon.log())

    def test_another_model_at_a_reload_counts_with_the_memory_of_the_start(self):
        daemon = self.daemon(workers="auto", pool={"prompt_cache_mib": 0})
        before = daemon.pids()
        done = run("reload", "--socket", daemon.socket)
        self.assertEqual((done.returncode, done.stdout), (0, "read again; no worker is touched\n"))
        self.assertEqual(daemon.pids(), before)

    def test_serve_without_the_model(self):
        done = run("serve", "--model", "/nowhere.gguf", "--workers", "auto")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        done = run("serve", "--model", MODEL, "--workers", "some")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--workers: expected auto or a whole number from 1 to 256", done.stderr)

    def test_doctor_compares_with_the_memory(self):
        words = ["doctor", "--model", MODEL, "--llama-cli", corral.LLAMA_CLI]
        done = run(*words, "--workers", "auto")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("ok    memory: all workers may take", done.stdout)
        done = run("doctor", "--model", MODEL, "--ctx-size", "16000000", "--workers", "64", "--llama-cli", "/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("warn  memory: all workers may take", done.stdout)
        self.assertIn("corral plan", done.stdout)


if __name__ == "__main__":
    unittest.main()
