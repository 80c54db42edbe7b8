"""The HTTP interface: routes, limits of answers, what is refused, odd clients, and what stays private."""
import socket
import unittest

import processes
from corral import CorralTest, SharedDaemonTest, in_background, user
from http_client import finish_reasons, joined, raw_request, read_answer
from reference import RULES


class Routes(SharedDaemonTest):
    settings = {"workers": 2, "http": {"max_body_kib": 64, "header_timeout": "300ms", "body_timeout": "300ms"}}

    def test_health_ready_and_models(self):
        daemon = self.shared
        self.assertEqual((daemon.get("/health").status, daemon.get("/ready").status), (200, 200))
        listed = daemon.get("/v1/models").json()
        self.assertEqual([model["id"] for model in listed["data"]], ["default"])
        self.assertEqual(daemon.get("/v1/models/default").json(), listed["data"][0])
        self.assertEqual(daemon.get("/v1/models/other").status, 404)

    def test_the_pool_report(self):
        report = self.shared.get("/v1/pool").json()
        pool = report["pools"][0]
        self.assertEqual((pool["name"], pool["queue"]), ("default", {"length": 0, "limit": 64, "oldest_seconds": 0}))
        for worker in pool["workers"]:
            self.assertTrue(processes.stat(worker["pid"]))
            self.assertGreater(worker["rss_bytes"], worker["pss_bytes"])
            self.assertGreater(worker["pss_bytes"], worker["private_bytes"])
            self.assertGreater(worker["private_bytes"], 1_000_000)

    def test_what_is_not_there(self):
        answers = {path: self.shared.request(method, path).status for method, path in
                   (("GET", "/nothing"), ("POST", "/health"), ("GET", "/v1/chat/completions"), ("DELETE", "/v1/models"))}
        self.assertEqual(answers, {"/nothing": 404, "/health": 405, "/v1/chat/completions": 405, "/v1/models": 405})
        unknown = self.shared.chat("Rules?", model="gpt-4o")
        self.assertEqual((unknown.status, unknown.error["code"]), (404, "model_not_found"))

    def test_stop_strings(self):
        for stop, text in (("draw", RULES.partition("draw")[0]), (["zzz", " card that"], "Play one"), ("Play", "")):
            answer = self.shared.chat("Rules?", stop=stop)
            self.assertEqual((answer.text, answer.finish), (text, "stop"))

    def test_max_tokens_counts_tokens(self):
        for limit in (1, 2, 5, 30):
            answer = self.shared.chat("Count to 40.", max_tokens=limit)
            self.assertEqual(answer.text, " ".join(str(n) for n in range(1, limit + 1)))
            self.assertEqual((answer.finish, answer.usage["completion_tokens"]), ("length", limit))

    def test_a_stream_is_the_whole_answer_and_ends_properly(self):
        events = list(self.shared.stream("Rules?", stream_options={"include_usage": True}))
        self.assertEqual(joined(events[:-1]), RULES)
        self.assertEqual((finish_reasons(events), events[-1]), (["stop"], "[DONE]"))
        self.assertEqual(events[-2]["choices"], [])
        self.assertEqual(events[-2]["usage"]["completion_tokens"], 35)
        self.assertEqual({event["id"] for event in events[:-1]}, {events[0]["id"]})

    def test_differing_sampling_is_reported(self):
        answer = self.shared.chat("Rules?", temperature=0.7, top_p=0.95, service_tier="auto")
        self.assertEqual((answer.text, answer.headers["X-Corral-Ignored"]), (RULES, "temperature, service_tier"))
        self.assertIsNone(self.shared.chat("Rules?", temperature=0).headers["X-Corral-Ignored"])

    def test_what_the_pipe_cannot_do_is_refused_by_name(self):
        image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]
        for fields, param in (({"tools": [{"type": "function"}]}, "tools"), ({"n": 2}, "n"), ({"logprobs": True}, "logprobs"),
                              ({"response_format": {"type": "json_object"}}, "response_format"),
                              ({"messages": image}, "messages[0].content[0].type"),
                              ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role")):
            answer = self.shared.chat(**({"messages": "Rules?"} | fields))
            self.assertEqual((answer.status, answer.error["param"]), (400, param))

    def test_pipelined_requests_are_answered_in_order(self):
        client = self.shared.raw()
        questions = ["Count to 3.", "Count to 5.", "Count to 2."]
        client.sendall(b"".join(raw_request("/v1/chat/completions", "POST", {"messages": user(q)}) for q in questions))
        with client, client.makefile("rb") as stream:
            bodies = [read_answer(stream)[2] for _ in questions]
        for body, text in zip(bodies, (b'"1 2 3"', b'"1 2 3 4 5"', b'"1 2"')):
            self.assertIn(text, body)

    def test_bodies_and_headers_beyond_the_limits(self):
        self.assertEqual(self.shared.chat("x" * 70_000).status, 413)
        self.assertEqual(self.shared.chat("Rules?", headers={"X-Long": "x" * 20_000}).status, 431)
        slow = self.shared.raw()
        slow.sendall(b"POST /v1/chat/completions HTTP/1.1\r\n")
        self.assertTrue(slow.recv(100).startswith(b"HTTP/1.1 408"))
        slow.close()

    def test_a_hundred_clients_at_once(self):
        answers = [in_background(self.shared.chat, "Rules?") for _ in range(100)]
        statuses = [answer.result(60).status for answer in answers]
        self.assertEqual(set(statuses) - {429}, {200})
        self.assertGreaterEqual(statuses.count(200), 64)

    def test_a_client_that_stops_sending_still_gets_its_answer(self):
        client = self.shared.raw()
        client.sendall(raw_request("/v1/chat/completions", "POST", {"messages": user("Rules?")}))
        client.shutdown(socket.SHUT_WR)
        with client, client.makefile("rb") as stream:
            self.assertEqual(read_answer(stream)[0], "HTTP/1.1 200 OK")

    def test_an_http_1_0_client_gets_a_plain_stream(self):
        body = b'{"stream":true,"messages":[{"role":"user","content":"Count to 3."}]}'
        client = self.shared.raw()
        client.sendall(b"POST /v1/chat/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        with client, client.makefile("rb") as stream:
            self.assertTrue(stream.read().endswith(b"\n\ndata: [DONE]\n\n"))


class Settings(CorralTest):
    def test_unsupported_sampling_can_be_refused(self):
        daemon = self.daemon(workers=1, pool={"unsupported_sampling": "reject"})
        answer = daemon.chat("Rules?", temperature=0.7)
        self.assertEqual((answer.status, answer.error["param"]), (400, "temperature"))
        self.assertEqual(daemon.chat("Rules?", temperature=0).status, 200)

    def test_two_pools_are_two_models(self):
        daemon = self.daemon(workers=1, pool={"name": "first"})
        config = daemon.config.read_text().replace('"pools": [', '"pools": [{"name": "second", "model": "%s", "llama_cli": "%s", '
                                                   '"workers": 1, "max_tokens": 3}, ' % (daemon.pool()["model"], __import__("corral").LLAMA_CLI))
        daemon.signal()
        self.assertEqual(daemon.wait_end(), 0)
        daemon.config.write_text(config)
        daemon.start()
        self.assertEqual(daemon.chat("Count to 9.", model="second").text, "1 2 3")
        self.assertEqual(daemon.chat("Count to 9.", model="first").text, "1 2 3 4 5 6 7 8 9")
        self.assertEqual(daemon.chat("Count to 9.", model="second").finish, "length")

    def test_a_context_overflow_is_named(self):
        daemon = self.daemon(workers=1, pool={"context": 256, "max_tokens": 100})
        answer = daemon.chat("word " * 400)
        self.assertEqual((answer.status, answer.error["code"]), (400, "context_length_exceeded"))
        self.assertEqual(daemon.ask("Rules?"), RULES)

    def test_what_people_say_stays_private(self):
        marker = "xylophonequartz"
        daemon = self.daemon(workers=1, log={"level": "trace"})
        daemon.chat(f"Say {marker}")
        daemon.chat(f"{marker} " * 4000)
        daemon.chat(marker + "\0")
        list(daemon.stream(f"Repeat: {marker}"))
        self.assertNotIn(marker, daemon.get("/v1/pool").body.decode())
        self.assertNotIn(marker.encode(), b" ".join(processes.command_line(daemon.pids()[0])))
        self.assertNotIn(marker, daemon.log())

    def test_content_is_logged_only_when_asked_for(self):
        daemon = self.daemon(workers=1, log={"content": True})
        daemon.ask("Rules?")
        self.assertIn("user: Rules?", daemon.log())
        self.assertIn(RULES, daemon.log())


if __name__ == "__main__":
    unittest.main()
