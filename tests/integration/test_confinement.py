"""Workers without network, files and rights that they do not need: the real llama-cli answers all the same."""
import os
import pathlib
import subprocess
import unittest

import corral
from corral import BINARY, ROOT, CorralTest
from reference import FIVE

# A user namespace in which no network namespace can be made, as on a machine that forbids them.
NO_NETWORK_NAMESPACES = ["unshare", "--user", "--map-root-user", "sh", "-c",
                         'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"', "sh"]


def status_of(pid, name):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(name + ":"))


def oom_score(pid):
    return int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text())


def network(pid):
    return os.readlink(f"/proc/{pid}/ns/net")


def environment(pid):
    entries = pathlib.Path(f"/proc/{pid}/environ").read_text().split("\0")
    return {entry.partition("=")[0] for entry in entries if entry}


def run_without_network_namespaces(*words):
    return subprocess.run([*NO_NETWORK_NAMESPACES, BINARY, *map(str, words)], cwd=ROOT, capture_output=True, text=True,
                          timeout=60)


class Confinement(CorralTest):
    def setUp(self):
        os.environ["LLAMA_ARG_TEMP"] = "1.5"
        self.addCleanup(os.environ.pop, "LLAMA_ARG_TEMP")

    def test_confined_workers_answer_as_ever(self):
        daemon = self.daemon(workers=2, pool={"confine": "required"})
        self.assertEqual({question: daemon.ask(question) for question in FIVE}, FIVE)
        self.assertIn("pool default: workers are confined: own network", daemon.log())
        networks = {network(pid) for pid in [os.getpid(), *daemon.pids()]}
        self.assertEqual(len(networks), 3, "the workers' networks are not their own")
        for pid in daemon.pids():
            self.assertEqual(status_of(pid, "NoNewPrivs"), "1")
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ")
            self.assertNotIn("LLAMA_ARG_TEMP", environment(pid))
            self.assertIn("PATH", environment(pid))
            self.assertEqual(oom_score(pid), min(1000, oom_score(daemon.process.pid) + 500))

    def test_off_is_as_before(self):
        daemon = self.daemon(workers=1, pool={"confine": "off"})
        pid = daemon.pids()[0]
        self.assertEqual(network(pid), network(os.getpid()))
        self.assertEqual(status_of(pid, "NoNewPrivs"), status_of(daemon.process.pid, "NoNewPrivs"))
        self.assertIn("LLAMA_ARG_TEMP", environment(pid))
        self.assertIn("workers are not confined", daemon.log())

    def test_a_path_of_the_configuration_that_is_not_there(self):
        daemon = corral.Daemon(pool={"confine_read": ["/no/such/folder"]})
        self.addCleanup(daemon.stop)
        ended = subprocess.run([BINARY, "serve", "--config", daemon.config], cwd=ROOT, capture_output=True, text=True, timeout=30)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("confine_read: cannot use /no/such/folder: No such file", ended.stderr)


@unittest.skipUnless(run_without_network_namespaces("--version").returncode == 0, "no user namespaces here")
class WithoutNetworkNamespaces(CorralTest):
    def config(self, confine):
        daemon = corral.Daemon(workers=1, pool={"confine": confine})
        self.addCleanup(daemon.stop)
        return daemon.config

    def test_what_is_required_and_missing_keeps_corral_from_starting(self):
        ended = run_without_network_namespaces("serve", "--config", self.config("required"))
        self.assertEqual(ended.returncode, 1)
        self.assertIn("confine is required, but cannot be done here: own network namespace (", ended.stderr)
        ended = run_without_network_namespaces("doctor", "--config", self.config("required"))
        self.assertEqual(ended.returncode, 1)
        self.assertIn("BAD   confinement: own network namespace is required, but ", ended.stdout)

    def test_otherwise_the_rest_is_in_force_and_doctor_tells(self):
        ended = run_without_network_namespaces("doctor", "--config", self.config("auto"))
        self.assertEqual(ended.returncode, 0, ended.stdout)
        self.assertIn("warn  confinement: own network namespace is not in force: ", ended.stdout)
        self.assertIn("ok    confinement: read-only files (Landlock ABI ", ended.stdout)
        self.assertIn("ok    confinement: no new privileges, no core dumps", ended.stdout)
        self.assertIn("a worker loaded and answered", ended.stdout)


if __name__ == "__main__":
    unittest.main()
