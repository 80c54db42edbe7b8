"""apt install, upgrade, remove and purge of the Debian package, under systemd as PID 1 in a disposable root."""
import json
import pathlib
import sys
import tempfile
import time
import unittest

import box
import deb
from box import Box
from corral import in_background, user
from http_client import UnixConnection, exchange
from reference import RULES

CONFIG = "/etc/corral/corral.yaml"
DEMO = "/usr/share/corral/llama-rush.gguf"
# Without a service manager's folder in /run the scripts see a root that nothing runs in, as in a chroot.
NO_SYSTEMD = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh")


class Client:
    """Asks again and again until it is told to stop."""

    def __init__(self, socket):
        self.socket = socket
        self.answers = []  # (when asked, when answered, id)
        self.stop = False
        self.done = in_background(self.run)

    def run(self):
        while not self.stop:
            asked = time.monotonic()
            connection = UnixConnection(self.socket)
            answer = exchange(connection, "POST", "/v1/chat/completions", {"messages": user("Rules?")})
            connection.close()
            if answer.status != 200 or answer.text != RULES:
                raise AssertionError(f"{answer.status} {answer.body}")
            self.answers.append((asked, time.monotonic(), answer.json()["id"]))


class Installation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        box.skip_unless_possible()
        if deb.missing():
            print(f"SKIPPED: the package is not made, {' and '.join(deb.missing())} missing", flush=True)
            raise unittest.SkipTest("tools are missing")
        folder = tempfile.TemporaryDirectory(prefix="corral-deb-")
        cls.addClassCleanup(folder.cleanup)
        packages = [deb.build(folder.name)]
        packages.append(deb.later(packages[0], folder.name))
        cls.first, cls.later = (f"/srv/{package.name}" for package in packages)

        def fill(tree):
            box.copy_llama_cli(tree)
            deb.copy_dependencies(packages[0], tree / "srv/packages")
            for package in packages:
                (tree / "srv" / package.name).write_bytes(package.read_bytes())
            box.write(tree / "etc/apt/sources.list", "deb [trusted=yes] file:/srv/packages ./\n")

        cls.box = Box(fill)
        cls.addClassCleanup(cls.box.close)
        cls.apt("update")
        cls.box.run("useradd", "alice")

    def setUp(self):
        self.addCleanup(self.clean)

    def clean(self):
        if self.box.run("dpkg-query", "-W", "corral", check=False).returncode == 0:
            self.apt("purge", "corral")
        self.apt("autoremove", "--purge")  # its dependencies
        self.box.run("rm", "-rf", "/var/lib/corral", "/etc/corral")

    @classmethod
    def apt(cls, *words, through=()):
        return cls.box.run(*through, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", *words)

    def unit(self, name="corral.service"):
        return self.box.property("ActiveState", name)

    def configure(self, model):
        self.box.run("sed", "-i", f's|model: ".*"|model: "{model}"|', CONFIG)

    def enable(self):
        self.box.run("systemctl", "enable", "--now", "corral.socket")

    def ask(self):
        return self.box.run("corral", "ask", "Rules?", check=False)

    def started(self):
        self.apt("install", self.first)
        self.configure(DEMO)
        self.enable()
        self.assertEqual(self.ask().stdout.strip(), RULES)
        return self.box.property("MainPID")

    def test_from_apt_install_to_the_first_answer(self):
        begin = time.monotonic()
        told = self.apt("install", self.first)
        installed = time.monotonic()
        self.assertIn("systemctl enable --now corral.socket", told)
        for unit in ("corral.socket", "corral.service"):
            self.assertEqual(self.unit(unit), "inactive")
            self.assertEqual(self.box.run("systemctl", "is-enabled", unit, check=False).stdout.strip(), "disabled")
        self.assertEqual(self.box.run("dpkg", "--verify", "corral"), "")
        self.box.run("usermod", "-aG", "corral", "alice")
        self.box.run("cp", DEMO, "/var/lib/corral/models/mine.gguf")
        self.configure("models/mine.gguf")
        begin_start = time.monotonic()
        self.enable()
        answer = self.box.run("runuser", "-u", "alice", "--", "corral", "ask", "Rules?")
        end = time.monotonic()
        self.assertEqual(answer.strip(), RULES)
        print(f"apt install to first answer: {installed - begin + end - begin_start:.1f} s (apt {installed - begin:.1f} s for "
              f"{told.count('Setting up ')} packages, enable and answer {end - begin_start:.1f} s)", file=sys.stderr, flush=True)

    def test_doctor_checks_the_service_with_its_folder_and_its_user(self):
        self.apt("install", self.first)
        self.box.run("cp", DEMO, "/var/lib/corral/models/mine.gguf")
        self.configure("models/mine.gguf")
        self.enable()
        told = self.box.run("corral", "doctor", "--config", CONFIG)
        for line in ("ok    model models/mine.gguf", "ok    systemd: corral.socket is enabled and active",
                     "ok    systemd: corral.service is inactive and starts with the first request",
                     "its llama-cli keeps the pipe contract"):
            self.assertIn(line, told)
        self.assertNotIn("BAD", told)
        self.box.run("chmod", "600", "/var/lib/corral/models/mine.gguf")
        self.box.run("systemctl", "disable", "--now", "corral.socket")
        done = self.box.run("corral", "doctor", "--config", CONFIG, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("BAD   systemd: user corral of the service may not read models/mine.gguf; chmod a+r it", done.stdout)
        self.assertIn("systemctl enable --now corral.socket", done.stdout)

    def test_a_service_without_a_model_says_so_and_is_not_tried_for_ever(self):
        self.apt("install", self.first)
        for model, reason in (("", "a model is needed: the path of a GGUF file"), ("models/none.gguf", "No such file or directory")):
            with self.subTest(model):
                self.configure(model)
                self.enable()
                # The connection breaks off, or the socket is gone already.
                self.assertIn(self.ask().returncode, (5, 3))
                self.box.wait_property("ActiveState", "failed", "corral.socket")
                self.assertEqual(self.unit(), "failed")
                self.assertIn(reason, self.box.run("journalctl", "--no-pager", "-u", "corral.service", "--since", "-1min"))
                self.box.run("systemctl", "reset-failed", "corral.service", "corral.socket")
        self.configure(DEMO)
        self.enable()
        self.assertEqual(self.ask().stdout.strip(), RULES)

    def test_an_upgrade_while_clients_ask(self):
        old = self.started()
        socket = pathlib.Path(f"/proc/{self.box.id}/root/run/corral/corral.sock")
        clients = [Client(socket) for _ in range(4)]
        self.addCleanup(lambda: [setattr(client, "stop", True) for client in clients])
        self.box.wait(lambda: all(client.answers for client in clients), "answers of the old process")
        told = self.apt("install", self.later)
        for client in clients:
            client.stop = True
            client.done.result(60)
        new = self.box.property("MainPID")
        self.assertNotEqual(new, old)
        self.assertEqual((self.unit(), self.unit("corral.socket")), ("active", "active"))
        self.assertNotIn("corral.service", told, "the upgrade complained")
        self.assertIn(f'model: "{DEMO}"', self.box.run("cat", CONFIG))
        waits = []
        begun = int(self.box.property("ExecMainStartTimestampMonotonic")) / 1e6
        for client in clients:
            # Asked before the new process existed: in the meantime it waited in the socket.
            waiting = [answer for answer in client.answers if answer[0] < begun < answer[1]]
            self.assertEqual(len(waiting), 1)
            self.assertEqual(self.answered_by(waiting[0]), new)
            self.assertEqual(self.answered_by(client.answers[0]), old)
            waits.append(waiting[0][1] - waiting[0][0])
        print(f"upgrade: {sum(len(client.answers) for client in clients)} answers, none failed; who met it waited at most "
              f"{max(waits):.1f} s", file=sys.stderr, flush=True)

    def answered_by(self, answer):
        lines = self.box.wait(lambda: self.box.run("journalctl", "--no-pager", "-o", "json", f"CORRAL_REQUEST={answer[2]}")
                              .splitlines(), "the line of an answer")
        return json.loads(lines[0])["_PID"]

    def test_an_upgrade_leaves_the_old_process_if_the_new_one_would_not_start(self):
        old = self.started()
        self.box.run("sh", "-c", f"echo 'nonsense: 1' >>{CONFIG}")
        self.assertIn("corral.service goes on with the old version", self.apt("install", self.later))
        self.assertEqual(self.box.property("MainPID"), old)
        self.assertEqual(self.ask().stdout.strip(), RULES)

    def test_instances_are_restarted_and_what_was_stopped_is_not_started(self):
        self.started()
        self.box.run("sh", "-c", f"cp {CONFIG} /etc/corral/second.yaml")
        self.box.run("systemctl", "start", "corral@second.service")
        old = self.box.property("MainPID", "corral@second.service")
        self.box.run("systemctl", "stop", "corral.socket")
        self.apt("install", self.later)
        self.assertEqual((self.unit(), self.unit("corral.socket")), ("inactive", "inactive"))
        self.assertEqual(self.unit("corral@second.service"), "active")
        self.assertNotEqual(self.box.property("MainPID", "corral@second.service"), old)
        self.apt("remove", "corral")
        self.assertEqual((self.unit("corral@second.service"), self.unit("corral@second.socket")), ("inactive", "inactive"))

    def test_remove_and_purge(self):
        self.started()
        self.box.run("cp", DEMO, "/var/lib/corral/models/mine.gguf")
        self.apt("remove", "corral")
        self.assertEqual((self.unit(), self.unit("corral.socket")), ("inactive", "inactive"))
        self.assertEqual(self.box.run("sh", "-c", "ps -o pid=,args= -u corral || true").strip(), "")
        self.assertIn(DEMO, self.box.run("cat", CONFIG))
        self.assertIn("your models in /var/lib/corral are kept", self.apt("purge", "corral"))
        self.assertEqual(self.left(), ["/var/lib/corral", "/var/lib/corral/models", "/var/lib/corral/models/mine.gguf"])

    def left(self):
        """What there is of corral beside our own copies of the package."""
        places = "/etc /usr /var/lib/corral /var/lib/systemd /run -name '*corral*' -o -path '/var/lib/corral/*'"
        return sorted(self.box.run("sh", "-c", f"find {places} 2>/dev/null || true").split())

    def test_without_a_running_systemd(self):
        self.apt("install", self.first, through=NO_SYSTEMD)
        self.assertEqual(self.box.run("stat", "-c", "%U:%G %a", "/var/lib/corral/models").strip(), "corral:corral 755")
        self.assertIn("corral 0.1", self.box.run("corral", "--version"))
        self.apt("install", self.later, through=NO_SYSTEMD)
        self.apt("purge", "corral", through=NO_SYSTEMD)
        self.assertEqual(self.left(), [])


if __name__ == "__main__":
    unittest.main()
