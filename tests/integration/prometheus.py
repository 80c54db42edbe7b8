"""Prometheus' own programs as judges of GET /metrics, and its text format as the tests read it."""
import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request

from corral import tied
from processes import wait_for

PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
missing = "SKIPPED: prometheus and promtool are not on PATH; scripts/setup installs Debian's package prometheus"


def needs_prometheus(test):
    if not (PROMETHEUS and PROMTOOL):
        print(f"{test.__name__}: {missing}")
    return unittest.skipUnless(PROMETHEUS and PROMTOOL, missing)(test)


def promtool(*arguments, text=None, cwd=None):
    """Exit code and everything that promtool says."""
    done = subprocess.run([PROMTOOL, *arguments], input=text, capture_output=True, text=True, timeout=60, cwd=cwd)
    return done.returncode, done.stdout + done.stderr


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Page:
    """A page in the text format: values by name and labels."""

    def __init__(self, text):
        self.text = text
        self.types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        self.samples = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, value = LINE.match(line).groups()
                self.samples[name, frozenset(LABEL.findall(labels or ""))] = float(value)

    def value(self, name, **labels):
        """The sum of the samples of this name that have these labels; nothing if there are none."""
        wanted = set(labels.items())
        found = [value for (sample, given), value in self.samples.items() if sample == name and wanted <= given]
        return sum(found) if found else None

    def series(self):
        """Names with labels, without those that come and go with a worker's work."""
        return {key for key in self.samples if not key[0].startswith("corral_worker_request_")}


class Scraper:
    """A real Prometheus that scrapes one target, in a folder of its own."""

    def __init__(self, target):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="corral-test-"))
        self.port = free_port()
        jobs = [{"job_name": "corral", "static_configs": [{"targets": [target]}]},
                {"job_name": "llamacpp", "metrics_path": "/metrics/llamacpp", "static_configs": [{"targets": [target]}]}]
        # JSON is YAML.
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
        (self.folder / "prometheus.yml").write_text(json.dumps(config))
        self.log = self.folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                tied(PROMETHEUS, f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
                     f"--web.listen-address=127.0.0.1:{self.port}"), stdout=log, stderr=log, start_new_session=True)

    def ask(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters)}"
        if self.process.poll() is not None:
            raise AssertionError(f"prometheus ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except (ConnectionError, urllib.error.URLError):
            return None

    def query(self, expression):
        """The values of an instant query."""
        data = self.ask("/api/v1/query", query=expression)
        return [float(one["value"][1]) for one in data["result"]] if data else []

    def wait_for(self, expression, what):
        return wait_for(lambda: [value for value in self.query(expression) if value > 0], what, 60.0)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
