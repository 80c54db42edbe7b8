"""GET / in a real browser: what the page shows while workers answer, die and load, and when corral itself goes away."""
import os
import signal
import tempfile
import unittest

from browser import Browser, needs_browser
from corral import MODEL, CorralTest, in_background
from http_client import joined
from made_model import slow_model
from processes import held
from test_openai import free_port

WIDTHS = (360, 800, 1280)
# Every text that is not large against what is behind it: WCAG's AA wants 4.5.
CONTRAST = """(() => {
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const luminance = colour => {
        const [r, g, b] = parts(colour).map(value => value / 255)
            .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = node => {
        for (; node; node = node.parentElement) {
            const colour = getComputedStyle(node).backgroundColor;
            if (parts(colour)[3] !== 0) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const texts = [...document.querySelectorAll('body *')].filter(node =>
        node.checkVisibility() && [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()));
    return texts.map(node => {
        const [dark, light] = [luminance(getComputedStyle(node).color), luminance(behind(node))].sort((a, b) => a - b);
        return [(light + 0.05) / (dark + 0.05), node.className + ': ' + node.innerText];
    }).sort((a, b) => a[0] - b[0])[0];
})()"""


@needs_browser
class StatusPage(CorralTest):
    @classmethod
    def setUpClass(cls):
        cls.chromium = Browser()
        cls.addClassCleanup(cls.chromium.close)

    def setUp(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.page = self.chromium
        self.page.fresh()

    def serve(self, keys="", **settings):
        folder = tempfile.mkdtemp(prefix="corral-test-")
        tcp = {"address": "127.0.0.1", "port": self.port}
        if keys:
            tcp["api_key_file"] = f"{folder}/keys"
            with open(f"{folder}/keys", "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(keys + "\n")
        return self.daemon(folder=folder, listen={"unix": {"path": f"{folder}/corral.sock"}, "tcp": tcp}, **settings)

    def watch(self, daemon_workers):
        self.assertEqual(self.page.open(self.url), 200)
        self.page.wait(f"document.querySelectorAll('.worker[data-state=ready]').length === {daemon_workers}")
        self.page.get("window.sinceOpened = true")

    def state_of(self, worker):
        return f"document.querySelector('[data-worker=\"{worker}\"]')"

    def assert_clean(self, excused=()):
        """Nothing was asked of anybody else, the page was not loaded again, and the console is quiet."""
        self.assertTrue(self.page.get("window.sinceOpened"))
        seen = self.page.seen()
        self.assertEqual({url for url in seen["requests"] if not url.startswith(self.url)}, set())
        self.assertEqual([error for error in seen["errors"] if not any(word in error for word in excused)], [])

    def test_a_worker_is_killed_while_the_page_watches(self):
        # One death is a storm here, so that the pause before the next start is known.
        daemon = self.serve(restart={"storm_deaths": 1, "max": "3s"}, health={"interval": "1h"})
        self.watch(3)
        self.page.wait_text(".deaths", "none since corral started")
        stream = daemon.stream("Count to 200.")
        stream.first_text()
        daemon.wait_busy(1)
        victim = next(worker for worker in daemon.workers() if worker["state"] == "busy")
        with held(victim["pid"]):
            row = self.state_of(victim["id"])
            self.page.wait(f"{row}.dataset.state === 'busy' && /in use[^]*answering for \\d+ s · [1-9]\\d* token/.test({row}.innerText)")
            self.page.wait_text("#summary", "1 in use")
            tokens = next(worker["request"]["tokens"] for worker in daemon.workers() if worker["request"])
            self.page.wait_text(".doing", f"{tokens:,} token")
            os.kill(victim["pid"], signal.SIGKILL)
        self.page.wait(f"{row}.innerText.includes('backing off')")
        self.page.wait_text(".death", "killed")
        self.page.wait_text(".death", "signal 9 (Killed)")
        self.page.wait_text(".failing", "one at a time is tried")
        self.page.wait(f"{row}.dataset.state === 'ready' && {row}.innerText.includes('1 restart')")
        self.page.wait("document.querySelector('.failing').hidden")
        self.assertIn("200", joined(stream))
        self.page.wait_text(".figures", "1 answered, 0 failed")
        self.page.wait("document.querySelectorAll('.chart path.p95').length === 2")
        self.assertIn("p95", self.page.get("document.querySelectorAll('.chart svg')[2].getAttribute('aria-label')"))
        self.assert_clean()

    def test_a_worker_that_loads(self):
        with tempfile.TemporaryDirectory(prefix="corral-test-") as folder:
            model = slow_model(f"{folder}/slow.gguf", MODEL)
            daemon = self.serve(workers=1, pool={"model": model, "context": 512, "max_tokens": 256}, restart={"initial": "1ms"})
            self.watch(1)
            os.kill(daemon.pids()[0], signal.SIGKILL)
            row = self.state_of("default/1")
            with held(daemon.wait_loading()["pid"]):
                self.page.wait(f"/loading[^]*[1-9]\\d* % of 4\\d\\d MiB/.test({row}.innerText)")
                self.page.wait(f"{row}.querySelector('progress').value > 0")
            self.page.wait(f"{row}.dataset.state === 'ready' && {row}.querySelector('progress').hidden")
            self.assert_clean()

    def test_the_queue(self):
        daemon = self.serve(workers=1, health={"interval": "1h"})
        self.watch(1)
        with held(*daemon.pids()):
            waiting = [in_background(daemon.ask, "Rules?") for _ in range(3)]
            daemon.wait_queue(2)
            self.page.wait_text(".queue", "2 of 64 waiting, the first for")
            self.page.wait_text("#summary", "2 waiting")
        for answer in waiting:
            answer.result(30)
        self.page.wait_text(".queue", "0 of 64 waiting")

    def test_it_fits_every_width_and_can_be_read_in_the_dark(self):
        daemon = self.serve(workers=2, pool={"name": "a-pool-with-a-name-that-somebody-generated-" + "x" * 60})
        self.watch(2)
        for worker in daemon.workers():
            os.kill(worker["pid"], signal.SIGABRT)
        self.page.wait("document.querySelectorAll('.death').length >= 2")
        for dark in (False, True):
            for width in WIDTHS:
                with self.subTest(dark=dark, width=width):
                    self.page.look(dark, width, 740)
                    shown, there = self.page.get("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
                    self.assertLessEqual(shown, there)
                    contrast, text = self.page.get(CONTRAST)
                    self.assertGreaterEqual(contrast, 4.5, text)
        self.assert_clean()

    def test_corral_goes_away_and_comes_back(self):
        daemon = self.serve(workers=1)
        self.watch(1)
        daemon.signal()
        self.assertEqual(daemon.wait_end(), 0)
        self.page.wait_text("#connection", "connection lost")
        self.page.wait_text("#trouble", "trying again in")
        self.assertTrue(self.page.get("document.querySelector('#main').classList.contains('stale')"))
        daemon.start()
        pid = daemon.pids()[0]
        self.page.wait_text("#connection", "live")
        self.page.wait_text(".facts", f"pid {pid}")
        self.assertTrue(self.page.get("document.querySelector('#trouble').hidden"))
        self.assert_clean(excused=["net::ERR_"])

    def test_the_names_in_a_configuration_are_text(self):
        name = "<img src=x onerror=\"window.hacked = true\"></script><b>"
        self.serve(workers=1, pool={"name": name})
        self.watch(1)
        self.assertEqual(self.page.get("document.querySelector('h2').textContent"), name)
        self.assertEqual(self.page.get("[document.images.length, 'hacked' in window]"), [0, False])
        self.assert_clean()

    def test_the_policy_lets_nothing_else_run(self):
        self.serve(workers=1)
        self.watch(1)
        self.page.get("""(() => {
            const script = document.createElement('script');
            script.textContent = 'window.hacked = true';
            document.body.append(script);
        })()""")
        self.assertFalse(self.page.get("'hacked' in window"))
        errors = self.page.seen()["errors"]
        self.assertTrue(errors and all("Content Security Policy" in error for error in errors), errors)

    def test_with_keys_it_asks_for_one(self):
        daemon = self.serve(workers=1, keys="the-key")
        self.assertEqual(self.page.open(self.url), 200)
        self.page.wait("!document.querySelector('#key-form').hidden")
        self.page.do("type", into="#key", text="another")
        self.page.wait_text("#trouble", "not accepted")
        self.assertTrue(self.page.get("document.querySelector('#main').hidden"))
        self.page.do("type", into="#key", text="the-key")
        self.page.wait_text("#connection", "live")
        self.page.wait_text(".facts", f"pid {daemon.pids()[0]}")
        self.assertTrue(self.page.get("document.querySelector('#key-form').hidden"))
        self.page.open(self.url)  # the tab remembers it
        self.page.wait_text("#connection", "live")
        self.page.get("window.sinceOpened = true")
        self.assert_clean(excused=["401"])


if __name__ == "__main__":
    unittest.main()
