"""GET /metrics: what Prometheus' own programs say of it, and that each figure tells what happened, while it happens."""
import json
import os
import re
import signal
import tempfile
import time
import unittest

import prometheus
from corral import FAKE_LLAMA_CLI, ROOT, CorralTest, in_background
from processes import held, wait_for
from prometheus import Page, needs_prometheus, promtool

QUICK_RESTART = {"initial": "20ms", "max": "100ms", "storm_deaths": 100}
LONG = "Count to 40000."


class MetricsTest(CorralTest):
    def fake(self, script="", workers=1, pool=None, **sections):
        pool = {"llama_cli": FAKE_LLAMA_CLI, "env": {"FAKE_LLAMA_CLI": script}, "context": 100_000, "max_tokens": 50_000} | (pool or {})
        sections = {"health": {"interval": "1h"}, "restart": QUICK_RESTART} | sections
        return self.daemon(workers=workers, pool=pool, **sections)

    def page(self, daemon, path="/metrics"):
        answer = daemon.get(path)
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        return Page(answer.body.decode())

    def wait_value(self, daemon, wanted, name, **labels):
        try:
            wait_for(lambda: self.page(daemon).value(name, **labels) == wanted, f"{name} {labels} being {wanted}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.page(daemon).value(name, **labels)}") from None


class Figures(MetricsTest):
    def test_everything_moves_during_a_long_answer(self):
        daemon = self.fake("token-ms=5", queue={"limit": 7})
        stream = daemon.stream(LONG)
        stream.first_text()
        waiting = in_background(daemon.chat, "Count to 3.")
        daemon.wait_queue(1)
        first = self.page(daemon)
        worker = {"pool": "default", "worker": "default/1"}
        wait_for(lambda: self.page(daemon).value("corral_completion_tokens_total") > 20, "20 tokens")
        second = self.page(daemon)
        for name in ("corral_completion_tokens_total", "corral_generation_seconds_total", "corral_queue_oldest_seconds",
                     "corral_time_per_output_token_seconds_count", "corral_worker_request_tokens",
                     "corral_worker_request_age_seconds"):
            self.assertGreater(second.value(name), first.value(name), name)
        self.assertEqual([second.value(name) for name in (
            "corral_queue_length", "corral_queue_limit", "corral_requests_running", "corral_prompt_tokens_total",
            "corral_time_to_first_token_seconds_count", "corral_request_duration_seconds_count")], [1, 7, 1, 4, 1, 0])
        self.assertEqual(second.value("corral_workers", state="busy"), 1)
        for name in ("rss", "pss", "anonymous"):
            self.assertGreater(second.value(f"corral_worker_{name}_bytes", **worker), 100_000)
        report = daemon.workers()[0]["request"]
        self.assertGreater(report["tokens"], 20)
        self.assertGreater(report["tokens_per_second"], 0)
        alias = self.page(daemon, "/metrics/llamacpp")
        self.assertGreater(alias.value("llamacpp:tokens_predicted_total"), 20)
        self.assertGreater(alias.value("llamacpp:predicted_tokens_seconds"), 1)
        self.assertEqual((alias.value("llamacpp:requests_processing"), alias.value("llamacpp:requests_deferred")), (1, 1))
        stream.hang_up()
        self.assertEqual(waiting.result(30).status, 200)
        self.wait_value(daemon, 1, "corral_requests_total", outcome="cancelled_running")
        self.wait_value(daemon, 1, "corral_requests_total", outcome="stop")
        recent = daemon.pool()["recent"]
        self.assertEqual((recent["answered"], recent["failed"]), (1, 0))
        self.assertIsNone(daemon.workers()[0]["request"])

    def test_cpu_time_of_a_worker_that_computes(self):
        daemon = self.fake()
        before = self.page(daemon).value("corral_worker_cpu_seconds_total")
        stream = daemon.stream(f"{LONG} [spin at 2]")
        stream.first_text()
        wait_for(lambda: self.page(daemon).value("corral_worker_cpu_seconds_total") > before + 0.05, "CPU time being seen", 30)
        stream.hang_up()

    def test_outcomes(self):
        daemon = self.fake(queue={"limit": 1, "timeout": "300ms"},
                           timeouts={"cancel": "500ms"})
        daemon.ask("Count to 3.")
        daemon.chat("Count to 30.", max_tokens=2)
        daemon.wait_ready()  # the interruption is over
        with held(*daemon.pids()):
            running = in_background(daemon.chat, "Count to 4.", headers={"X-Request-Timeout": "6"})
            daemon.wait_busy(1)
            leaving = daemon.raw()
            body = json.dumps({"messages": [{"role": "user", "content": "x"}]}).encode()
            leaving.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            daemon.wait_queue(1)
            self.assertEqual(daemon.chat("full").status, 429)
            leaving.close()
            daemon.wait_queue(0)
            self.assertEqual(daemon.chat("late").status, 503)
            self.assertEqual(daemon.chat("later", headers={"X-Request-Timeout": "0.1"}).status, 504)
            self.assertEqual(running.result(30).status, 504)
        page = self.page(daemon)
        for outcome in ("stop", "length", "cancelled_queued", "queue_full", "queue_timeout", "deadline_queued", "deadline_running"):
            self.assertEqual(page.value("corral_requests_total", pool="default", outcome=outcome), 1, outcome)
        self.assertEqual(page.value("corral_requests_total"), 7)
        self.assertEqual(page.value("corral_request_duration_seconds_count"), 2)
        self.assertEqual(page.value("corral_queue_wait_seconds_count"), 6)

    def test_deaths_by_cause_and_what_became_of_their_requests(self):
        folder = tempfile.TemporaryDirectory(prefix="corral-test-")
        self.addCleanup(folder.cleanup)
        daemon = self.fake(timeouts={"stall": "1s"})
        for number, (cue, cause, name) in enumerate((
                ("crash SEGV at 3", "crashed", "resumed"), ("crash KILL at 0", "killed", "retried"),
                ("exit 7 at 5", "crashed", "resumed"), ("crash TERM at 3", "exited", "resumed"),
                ("garbage at 0", "protocol", "retried"), ("stall at 3", "hung", "resumed"))):
            with self.subTest(cue):
                before = self.page(daemon)
                daemon.ask(f"Count to 20. [once {folder.name}/{number} {cue}]")
                self.wait_value(daemon, before.value("corral_worker_restarts_total", cause=cause) + 1,
                                "corral_worker_restarts_total", cause=cause)
                after = self.page(daemon)
                self.assertEqual(after.value(f"corral_answers_{name}_total"), before.value(f"corral_answers_{name}_total") + 1)
                daemon.wait_ready()
        page = self.page(daemon)
        self.assertEqual(page.value("corral_worker_restarts_total"), 6)
        self.assertEqual(page.value("corral_worker_start_seconds_count"), 7)

    def test_poison_is_counted(self):
        daemon = self.fake(workers=2)
        self.assertEqual(daemon.chat("Count to 9. [crash SEGV at 0]").status, 422)
        self.assertEqual(daemon.chat("Count to 9. [crash SEGV at 0]").status, 422)
        page = self.page(daemon)
        self.assertEqual(page.value("corral_conversations_quarantined_total"), 1)
        self.assertEqual(page.value("corral_requests_total", outcome="quarantined"), 2)

    def test_workers_replaced_on_purpose(self):
        daemon = self.fake(workers=1, pool={"recycle": {"max_requests": 1}})
        daemon.ask("Count to 2.")
        self.wait_value(daemon, 1, "corral_worker_restarts_total", cause="recycled")

    def test_an_idle_worker_that_hangs(self):
        daemon = self.fake(health={"interval": "200ms", "timeout": "200ms"})
        os.kill(daemon.pids()[0], signal.SIGSTOP)
        self.wait_value(daemon, 1, "corral_worker_restarts_total", cause="unhealthy")

    def test_what_no_pool_has_seen(self):
        daemon = self.fake()
        daemon.chat("x", model="other")
        daemon.chat("x", n=2)
        page = self.page(daemon)
        self.assertEqual(page.value("corral_requests_refused_total", reason="unknown_model"), 1)
        self.assertEqual(page.value("corral_requests_refused_total", reason="invalid"), 1)
        self.assertEqual(page.value("corral_requests_total"), 0)

    def test_nothing_that_a_client_sends_becomes_a_label(self):
        daemon = self.fake()
        daemon.ask("Count to 3.")
        before = self.page(daemon)
        odd = 'xylophone"}\n{odd="'
        daemon.chat("Count to 3.", user=odd, headers={"X-Odd": "xylophone", "User-Agent": "xylophone"})
        daemon.chat("Count to 3.", model=odd)
        daemon.chat("xylophone", user=odd, stop=["xylophone"], service_tier="xylophone")
        daemon.request("POST", "/v1/xylophone")
        after = self.page(daemon)
        self.assertEqual(after.series(), before.series())
        self.assertNotIn("xylophone", after.text + self.page(daemon, "/metrics/llamacpp").text)

    def test_scrapes_are_quick_under_load(self):
        daemon = self.fake("token-ms=1", workers=2)
        clients = [in_background(daemon.ask, "Count to 400.") for _ in range(8)]
        daemon.wait_busy(2)
        times = []
        for _ in range(50):
            begun = time.perf_counter()
            self.page(daemon)
            times.append(1000 * (time.perf_counter() - begun))
        times.sort()
        print(f"\nGET /metrics under load: median {times[25]:.1f} ms, slowest {times[-1]:.1f} ms")
        self.assertTrue(all(client.result(60) for client in clients))


class Documents(MetricsTest):
    def names(self):
        daemon = self.fake()
        pages = [self.page(daemon, path) for path in ("/metrics", "/metrics/llamacpp")]
        return pages[0].types | pages[1].types

    def test_the_documentation_names_exactly_these_metrics(self):
        rows = re.findall(r"^\| `(\S+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
        self.assertEqual(dict(rows), self.names())

    def test_the_dashboard_and_the_alerts_use_only_metrics_that_exist(self):
        known = set(self.names())
        known |= {name + suffix for name in known for suffix in ("_bucket", "_sum", "_count")}
        dashboard = json.loads((ROOT / "config/grafana/corral.json").read_text())
        texts = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        texts += [variable["query"]["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
        texts.append((ROOT / "config/prometheus/corral.rules.yml").read_text())
        used = set(re.findall(r"\b(?:corral|process)_\w+", "\n".join(texts)))
        self.assertGreater(len(used), 25)
        self.assertEqual(used - known, set())


@needs_prometheus
class Prometheus(MetricsTest):
    def test_promtool_has_no_complaint(self):
        daemon = self.fake(workers=2)
        stream = daemon.stream(f"{LONG} [sleep 500 at 3]")
        stream.first_text()
        self.assertEqual(promtool("check", "metrics", text=self.page(daemon).text), (0, ""))
        stream.hang_up()
        # llama-server's names hold a colon, and its n_tokens_max is no _total.
        complaints = promtool("check", "metrics", text=self.page(daemon, "/metrics/llamacpp").text)[1].splitlines()
        self.assertEqual([line for line in complaints if "':'" not in line],
                         ['llamacpp:n_tokens_max counter metrics should have "_total" suffix'])

    def test_the_alert_rules(self):
        folder = ROOT / "config/prometheus"
        self.assertEqual(promtool("check", "rules", "corral.rules.yml", cwd=folder)[0], 0)
        code, told = promtool("test", "rules", "corral.rules.test.yml", cwd=folder)
        self.assertEqual(code, 0, told)

    def test_a_real_prometheus_scrapes_it(self):
        port = prometheus.free_port()
        folder = tempfile.mkdtemp(prefix="corral-test-")
        daemon = self.fake("token-ms=2", folder=folder, workers=2, listen={
            "unix": {"path": f"{folder}/corral.sock"}, "tcp": {"address": "127.0.0.1", "port": port}})
        scraper = prometheus.Scraper(f"127.0.0.1:{port}")
        self.addCleanup(scraper.stop)
        scraper.wait_for('up{job="corral"}', "a scrape of corral")
        stream = daemon.stream(LONG)
        stream.first_text()
        scraper.wait_for("rate(corral_completion_tokens_total[15s])", "tokens per second of an answer under way")
        scraper.wait_for('llamacpp:requests_processing{pool="default"}', "llama-server's name for the same")
        scraper.wait_for("histogram_quantile(0.95, rate(corral_time_per_output_token_seconds_bucket[15s]))", "a quantile")
        scraper.wait_for("corral_build_info", "the version")
        stream.hang_up()
        scraper.wait_for('corral_requests_total{outcome="cancelled_running"}', "the client that left")


if __name__ == "__main__":
    unittest.main()
