"""Who may come: the socket's file, lists of users and groups, pages of browsers, API keys; and what is refused at start."""
import grp
import http.client
import os
import stat
import subprocess
import unittest

from corral import BINARY, Daemon, user
from faked import COUNT, TWENTY, FakedTest
from http_client import exchange
from peers import as_root, connect_as
from test_openai import free_port

LISTED, STRANGER, MEMBER = 64001, 64002, 64003
GROUP, OTHER_GROUP = 64100, 64101
CHAT = {"model": "default", "messages": user(COUNT)}
PAGE = "https://chat.example.org"


class AccessTest(FakedTest):
    def open_to(self, **unix):
        """A daemon that every user reaches; with lists, the test's own user has to be on one."""
        home = self.public_folder()
        return self.fake(folder=home, listen={"unix": {"path": f"{home}/corral.sock", "mode": "0666"} | unix})

    def asked_as(self, daemon, *who, path="/v1/chat/completions", **named):
        """Status and error code of what a user gets."""
        connection = connect_as(daemon.socket, *who, **named)[0]
        self.addCleanup(connection.close)
        answer = exchange(connection, "POST" if "chat" in path else "GET", path, CHAT if "chat" in path else None)
        return (answer.status, None if answer.status == 200 else answer.error["code"])


REFUSED = (403, "user_not_allowed")


@as_root
class LocalUsers(AccessTest):
    def test_the_mode_and_the_owners_of_the_socket(self):
        daemon = self.open_to(mode="0660", owner="daemon", group=str(GROUP))
        status = daemon.socket.stat()
        self.assertEqual((stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid), (0o660, 1, GROUP))
        self.assertEqual(self.asked_as(daemon, 1), (200, None))
        self.assertEqual(self.asked_as(daemon, STRANGER, groups=[GROUP]), (200, None))
        with self.assertRaises(PermissionError):
            connect_as(daemon.socket, STRANGER)

    def test_users_by_number_and_by_name(self):
        daemon = self.open_to(allow_users=["root", str(LISTED), "daemon"])
        self.assertEqual(self.asked_as(daemon, LISTED), (200, None))
        self.assertEqual(self.asked_as(daemon, 1), (200, None))
        for path in ("/v1/chat/completions", "/v1/pool", "/v1/models", "/health", "/ready"):
            self.assertEqual(self.asked_as(daemon, STRANGER, path=path), REFUSED)
        self.assertEqual(self.requests(), 2)

    def test_groups_by_number_by_name_and_the_further_ones_of_a_user(self):
        daemon = self.open_to(allow_groups=[str(GROUP), "games"], allow_users=["root"])
        games = grp.getgrnam("games").gr_gid
        self.assertEqual(self.asked_as(daemon, MEMBER, gid=GROUP), (200, None))
        self.assertEqual(self.asked_as(daemon, MEMBER, groups=[OTHER_GROUP, GROUP]), (200, None))
        self.assertEqual(self.asked_as(daemon, MEMBER, groups=[OTHER_GROUP, games]), (200, None))
        self.assertEqual(self.asked_as(daemon, MEMBER, groups=[OTHER_GROUP]), REFUSED)
        self.assertEqual(self.asked_as(daemon, MEMBER), REFUSED)

    def test_either_list_is_enough(self):
        daemon = self.open_to(allow_users=["root", str(LISTED)], allow_groups=[str(GROUP)])
        self.assertEqual(self.asked_as(daemon, LISTED), (200, None))
        self.assertEqual(self.asked_as(daemon, STRANGER, groups=[GROUP]), (200, None))
        self.assertEqual(self.asked_as(daemon, STRANGER), REFUSED)


class Pages(AccessTest):
    def test_pages_of_other_origins_are_refused_whatever_they_ask(self):
        daemon = self.fake()
        for headers in ({"Origin": PAGE}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            for method, path, body in (("POST", "/v1/chat/completions", CHAT), ("GET", "/v1/pool", None),
                                       ("OPTIONS", "/v1/chat/completions", None)):
                with self.subTest(f"{method} {path} {headers}"):
                    answer = daemon.request(method, path, body, headers)
                    self.assertEqual((answer.status, answer.error["code"]), (403, "origin_not_allowed"))
                    self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])
        self.assertEqual(self.requests(), 0)
        self.assertEqual(daemon.request("GET", "/health", None, {"Sec-Fetch-Site": "none"}).status, 200)

    def test_a_link_on_any_page_may_lead_to_the_status_page_which_shows_nothing_to_others(self):
        daemon = self.fake()
        linked = daemon.request("GET", "/", None, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
        self.assertEqual(linked.status, 200)
        self.assertIn("frame-ancestors 'none'", linked.headers["Content-Security-Policy"])
        self.assertIsNone(linked.headers["Access-Control-Allow-Origin"])
        own = daemon.request("GET", "/v1/pool", None, {"Sec-Fetch-Site": "same-origin"})
        self.assertEqual(own.status, 200)

    def test_allowed_pages_may_ask_and_read(self):
        daemon = self.fake(http={"allowed_origins": [PAGE]})
        asks = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}
        preflight = daemon.request("OPTIONS", "/v1/chat/completions", None, asks | {
            "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"})
        self.assertEqual((preflight.status, preflight.headers["Access-Control-Allow-Origin"]), (204, PAGE))
        self.assertIn("POST", preflight.headers["Access-Control-Allow-Methods"])
        self.assertIn("content-type", preflight.headers["Access-Control-Allow-Headers"].lower())
        whole = daemon.chat(COUNT, headers=asks)
        self.assertEqual((whole.text, whole.headers["Access-Control-Allow-Origin"]), (TWENTY, PAGE))
        self.assertEqual(whole.headers["Vary"], "Origin")
        streamed = daemon.request("POST", "/v1/chat/completions", CHAT | {"stream": True}, asks)
        self.assertEqual((streamed.status, streamed.headers["Access-Control-Allow-Origin"]), (200, PAGE))
        wrong = daemon.request("POST", "/v1/chat/completions", {}, asks)  # also an error is to be read
        self.assertEqual((wrong.status, wrong.headers["Access-Control-Allow-Origin"]), (400, PAGE))
        for origin in (PAGE + ".evil.example", "http://chat.example.org", PAGE + ":444"):
            self.assertEqual(daemon.chat(COUNT, headers={"Origin": origin}).status, 403)


class Keys(AccessTest):
    def test_tcp_wants_a_key_and_the_socket_does_not(self):
        keys = self.folder / "keys"
        keys.write_text("# of the tests\nsecret\n")
        keys.chmod(0o640)
        port = free_port()
        daemon = self.fake(folder=self.public_folder(), listen={
            "unix": {"path": f"{self.folder}/public/corral.sock"},
            "tcp": {"address": "127.0.0.1", "port": port, "api_key_file": str(keys)}})
        for header, status in (({}, 401), ({"Authorization": "Bearer wrong"}, 401), ({"Authorization": "Bearer "}, 401),
                               ({"Authorization": "Bearer # of the tests"}, 401), ({"Authorization": "secret"}, 401),
                               ({"Authorization": "Bearer secret"}, 200)):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            self.addCleanup(connection.close)
            self.assertEqual(exchange(connection, "POST", "/v1/chat/completions", CHAT, header).status, status)
        self.assertEqual(daemon.ask(COUNT), TWENTY)
        self.assertNotIn("secret", daemon.log())


class RefusedAtStart(AccessTest):
    def refused(self, code, **sections):
        daemon = Daemon(workers=1, folder=self.folder, **sections)
        ended = subprocess.run([BINARY, "serve", "--config", daemon.config], capture_output=True, text=True, timeout=30,
                               env=os.environ | {"TMPDIR": str(self.folder)})
        lines = [line for line in ended.stderr.splitlines() if not line.startswith("20")]
        self.assertEqual((ended.returncode, len(lines)), (code, 1), ended.stderr)
        self.assertFalse(daemon.socket.exists())
        self.assertEqual(list(self.folder.glob("corral-*")), [])
        return lines[0]

    def test_users_and_groups_that_do_not_exist(self):
        name = "nobody-of-this-name"
        for key in ("allow_users", "allow_groups", "priority_users", "owner", "group"):
            with self.subTest(key):
                value = name if key in ("owner", "group") else [name]
                line = self.refused(1, listen={"unix": {"path": f"{self.folder}/corral.sock", key: value}})
                self.assertIn(name, line)

    def tcp(self, address, key_file):
        return {"unix": {"path": f"{self.folder}/corral.sock"},
                "tcp": {"address": address, "port": free_port(), "api_key_file": key_file}}

    def test_key_files_that_everybody_can_read_or_that_hold_nothing(self):
        keys = self.folder / "keys"
        keys.write_text("secret\n")
        keys.chmod(0o644)
        line = self.refused(1, listen=self.tcp("127.0.0.1", str(keys)))
        self.assertIn(f"{keys} can be read by every user", line)
        keys.chmod(0o600)
        keys.write_text("# nothing\n\n")
        self.assertIn("holds no key", self.refused(1, listen=self.tcp("127.0.0.1", str(keys))))
        self.assertIn("none", self.refused(1, listen=self.tcp("127.0.0.1", str(self.folder / "none"))))
        keys.write_text("secret low\n")
        line = self.refused(1, listen=self.tcp("127.0.0.1", str(keys)))
        self.assertIn("line 1", line)
        self.assertNotIn("secret", line)

    def test_tcp_beyond_loopback_without_keys(self):
        for address in ("0.0.0.0", "::", "192.0.2.1"):
            with self.subTest(address):
                line = self.refused(2, listen=self.tcp(address, ""))
                self.assertIn("listen.tcp.api_key_file", line)
                self.assertIn(address, line)


if __name__ == "__main__":
    unittest.main()
