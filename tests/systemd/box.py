"""A disposable root with systemd as PID 1 (scripts/systemd-box), and what goes into it: corral, a model, a llama-cli."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))
from corral import BINARY, LLAMA_CLI  # noqa: E402

SCRIPT = ROOT / "scripts/systemd-box"
CACHE = ROOT / "build/systemd-box/root"
BUILD = pathlib.Path(BINARY).parent
KEY = "sesame"
MAKE_SECONDS = 900
PATIENCE = 120.0

CONFIG = {
    # The socket file and the port are those of the socket unit.
    "listen": {"unix": {}, "tcp": {"api_key_file": "${CREDENTIALS_DIRECTORY}/api-keys"}},
    "pools": [{"model": "models/llama-rush.gguf", "workers": 2, "threads": 1}],
    "queue": {"limit": 7},
}
SECOND = {"pools": [{"name": "second", "model": "models/llama-rush.gguf", "workers": 1, "threads": 1}]}
DROP_INS = {
    # Short, so that the test of the watchdog is.
    "corral.service.d/test.conf": "[Service]\nWatchdogSec=4s\nLoadCredential=api-keys:/etc/corral/api-keys\n",
    "corral.socket.d/test.conf": "[Socket]\nListenStream=127.0.0.1:8080\n",
    # In the sandbox of the service: what workers are to be confined with works, what they do not need is refused.
    "corral@probe.service.d/test.conf": "[Service]\nType=oneshot\nExecStart=\n"
    "ExecStart=/usr/bin/unshare --user --net /bin/true\nExecStart=/bin/sh -c '! /usr/bin/unshare --user --mount /bin/true'\n"
    "ExecStart=/bin/sh -c '! touch /var/lib/corral/models/x'\nRestart=no\n",
}


def skip_unless_possible():
    done = subprocess.run([SCRIPT, "check"], capture_output=True, text=True, timeout=120)
    if done.returncode == 0 and not private_prefix():
        done.returncode, done.stderr = 1, f"{LLAMA_CLI} is not of .local, and its libraries are not copied into the box"
    if done.returncode != 0:
        reason = f"SKIPPED: the service is not run under systemd: {done.stderr.strip()}"
        print(reason, flush=True)
        raise unittest.SkipTest(reason)


def private_prefix():
    """The folder of scripts/setup's own llama.cpp, or None."""
    program = pathlib.Path(LLAMA_CLI).resolve()
    return program.parents[2] if program.parents[2].name == "llama.cpp" else None


def copy_llama_cli(tree):
    """Its files know their folder by absolute paths, and the service may not see that folder (ProtectHome=)."""
    old, new = private_prefix(), "/opt/llama.cpp"
    shutil.copytree(old, tree / new[1:], symlinks=True)
    for file in (tree / new[1:]).rglob("*"):
        if file.is_symlink():
            target = os.readlink(file)
            if target.startswith(str(old)):
                file.unlink()
                file.symlink_to(target.replace(str(old), new))
        elif file.is_file() and (file.name == "llama-cli" or "/llama/" in str(file)):
            relocate(file, str(old), new)
    (tree / "usr/bin").mkdir(parents=True, exist_ok=True)
    (tree / "usr/bin/llama-cli").symlink_to(f"{new}/usr/bin/llama-cli")


def relocate(file, old, new):
    def patchelf(*options):
        return subprocess.run(["patchelf", *options, file], capture_output=True, text=True, timeout=60).stdout.strip()
    path = patchelf("--print-rpath")
    if old in path:
        patchelf("--force-rpath", "--set-rpath", path.replace(old, new))
    if file.name == "llama-cli":
        patchelf("--set-interpreter", patchelf("--print-interpreter").replace(old, new))


def copy_libraries(tree):
    """Those of corral that a minimal Debian does not have."""
    listed = subprocess.run(["ldd", BINARY], check=True, capture_output=True, text=True, timeout=60).stdout
    for line in listed.splitlines():
        path = line.partition("=> ")[2].partition(" ")[0]
        place = path if path.startswith("/usr/") else "/usr" + path
        if path and not (CACHE / place[1:]).exists():
            (tree / place[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tree / place[1:])


def write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def install(tree):
    """What the package puts there, and an administrator."""
    subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr"], check=True, stdout=subprocess.DEVNULL, timeout=120,
                   env=os.environ | {"DESTDIR": str(tree)})
    copy_libraries(tree)
    copy_llama_cli(tree)
    write(tree / "etc/corral/corral.yaml", json.dumps(CONFIG))
    write(tree / "etc/corral/second.yaml", json.dumps(SECOND))
    write(tree / "etc/corral/api-keys", KEY + "\n", 0o600)
    for name, text in DROP_INS.items():
        write(tree / "etc/systemd/system" / name, text)


def set_up(box):
    """What the package's scripts do, and the model."""
    box.run("systemd-sysusers")
    box.run("systemd-tmpfiles", "--create", "/usr/lib/tmpfiles.d/corral.conf")
    box.run("cp", "/usr/share/corral/llama-rush.gguf", "/var/lib/corral/models/")


class Box:
    """A booted root with the files that `fill` puts into the folder it is given."""

    def __init__(self, fill):
        self.folder = tempfile.TemporaryDirectory(prefix="corral-box-")
        tree = pathlib.Path(self.folder.name) / "tree"
        self.id = None
        try:
            self.script("make", CACHE, timeout=MAKE_SECONDS)
            fill(tree)
            # mkdtemp's folder is private, and a root directory must not be.
            os.chmod(tree, 0o755)
            self.id = self.script("boot", CACHE, tree).stdout.strip()
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.id:
            self.script("halt", self.id)
        self.folder.cleanup()

    def script(self, *words, timeout=300):
        done = subprocess.run([str(word) for word in (SCRIPT, *words)], stdout=subprocess.PIPE, stderr=sys.stderr, text=True,
                              timeout=timeout)
        if done.returncode != 0:
            raise AssertionError(f"systemd-box {words[0]} failed with {done.returncode}")
        return done

    def run(self, *command, check=True, timeout=PATIENCE):
        """A command inside: what it prints."""
        done = subprocess.run([str(SCRIPT), "enter", self.id, *map(str, command)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{command} failed with {done.returncode}: {done.stdout[-2000:]}{self.journal()}")
        return done.stdout if check else done

    def journal(self):
        return self.run("journalctl", "--no-pager", "-n", "40", check=False).stdout

    def property(self, name, unit="corral.service"):
        return self.run("systemctl", "show", "--value", "-p", name, unit).strip()

    def wait_property(self, name, value, unit="corral.service"):
        self.wait(lambda: self.property(name, unit) == value, f"{name}={value} of {unit}")

    def wait(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {PATIENCE:g} s: {what}\n{self.journal()}")
            time.sleep(0.1)
        return found

    def curl(self, path, *options, body=None, check=True):
        """The answer to a request on the Unix socket, or where the options say."""
        to = () if "--socket-none" in options else ("--unix-socket", "/run/corral/corral.sock")
        options = [option for option in options if option != "--socket-none"]
        post = ("-d", json.dumps(body)) if body else ()
        return self.run("curl", "-sS", "--max-time", "100", *to, *options, *post, f"http://127.0.0.1:8080{path}", check=check)

    def ask(self, question, *options):
        told = self.curl("/v1/chat/completions", *options, body={"messages": [{"role": "user", "content": question}]})
        return json.loads(told)["choices"][0]["message"]["content"]
