"""Whose turn it is: clients and users in turn, however much one of them asks, and the privileged first."""
import http.client
import json
import re
import unittest

from corral import user
from faked import FakedTest
from http_client import UnixConnection, encoded
from peers import as_root, connect_as
from processes import held
from test_openai import free_port

GREEDY, MODEST, PRIVILEGED = 64001, 64002, 64003


class FairnessTest(FakedTest):
    def fair(self, **sections):
        home = self.public_folder()
        listen = {"unix": {"path": f"{home}/corral.sock", "mode": "0666"} | sections.pop("unix", {})} | sections.pop("listen", {})
        return self.fake(folder=home, queue={"limit": 200}, timeouts={"stall": "1h"}, listen=listen, **sections)

    def ask(self, connection, headers=None, **fields):
        """Sends a question whose answer nobody waits for yet."""
        connection.request("POST", "/v1/chat/completions", encoded({"messages": user("Count to 2.")} | fields),
                           {"Content-Type": "application/json"} | (headers or {}))
        self.addCleanup(connection.close)
        return connection

    def order(self, daemon, connections):
        """The places in which the requests of the connections were answered, as the log tells."""
        answers = [connection.getresponse() for connection in connections]
        ids = [json.loads(answer.read())["id"] for answer in answers]
        finished = re.findall(r"(chatcmpl-\w+) default: ", daemon.log())
        return [finished.index(answer) for answer in ids]

    def queue(self, daemon, asks):
        """Lets the requests of `asks` (functions that send one) wait in this order while nothing moves; then, how they end."""
        with held(*daemon.pids()):
            connections = []
            for number, ask in enumerate(asks):
                connections.append(ask())
                daemon.wait_busy(1) if number == 0 else daemon.wait_queue(number)
        return self.order(daemon, connections)


@as_root
class Users(FairnessTest):
    def test_a_hundred_requests_of_one_user_delay_another_s_by_the_running_one_alone(self):
        daemon = self.fair()
        greedy = iter(connect_as(daemon.socket, GREEDY, count=101))
        modest = iter(connect_as(daemon.socket, MODEST, count=2))
        asks = [lambda: self.ask(next(greedy))] * 101 + [lambda: self.ask(next(modest))] * 2
        order = self.queue(daemon, asks)
        self.assertEqual(order[0], 0)
        self.assertEqual(order[101], 1)
        self.assertEqual(order[102], 3)  # then they take turns
        self.assertEqual(order[:101], sorted(order[:101]))

    def test_also_with_several_workers(self):
        daemon = self.fair(workers=3)
        greedy = connect_as(daemon.socket, GREEDY, count=40)
        with held(*daemon.pids()):
            for connection in greedy:
                self.ask(connection)
            daemon.wait_queue(37)
            modest = self.ask(connect_as(daemon.socket, MODEST)[0])
            daemon.wait_queue(38)
        self.assertLessEqual(self.order(daemon, [modest, *greedy])[0], 5)  # three run; three of the next may end first

    def test_priority_users_go_first(self):
        daemon = self.fair(unix={"priority_users": [str(PRIVILEGED)]})
        greedy = iter(connect_as(daemon.socket, GREEDY, count=5))
        modest = iter(connect_as(daemon.socket, MODEST, count=1))
        privileged = iter(connect_as(daemon.socket, PRIVILEGED, count=3))
        asks = [lambda: self.ask(next(greedy))] * 5 + [lambda: self.ask(next(modest))] + [lambda: self.ask(next(privileged))] * 3
        order = self.queue(daemon, asks)
        self.assertEqual(order[6:9], [1, 2, 3])
        self.assertEqual(order[5], 4)

    def test_a_full_queue_still_takes_one_of_a_user_that_has_less_than_its_share(self):
        daemon = self.fair()
        greedy = connect_as(daemon.socket, GREEDY, count=202)
        with held(*daemon.pids()):
            for connection in greedy[:201]:
                self.ask(connection)
            daemon.wait_queue(200)
            refused = self.ask(greedy[201]).getresponse()
            self.assertEqual((refused.status, bool(refused.headers["Retry-After"])), (429, True))
            modest = self.ask(connect_as(daemon.socket, MODEST)[0])
            daemon.wait_queue(201)
        self.assertEqual(self.order(daemon, [modest])[0], 1)
        self.order(daemon, greedy[:201])


class UsersOfOneClient(FairnessTest):
    def asking(self, daemon, name):
        return lambda: self.ask(UnixConnection(daemon.socket), user=name)

    def test_they_take_turns(self):
        daemon = self.fair()
        asks = [self.asking(daemon, "greedy")] * 20 + [self.asking(daemon, "modest")] * 2
        order = self.queue(daemon, asks)
        self.assertEqual((order[0], order[20], order[21]), (0, 1, 3))


class Keys(FairnessTest):
    def test_keys_take_turns_and_high_ones_go_first(self):
        keys = self.folder / "keys"
        keys.write_text("greedy-key\nmodest-key\nhigh-key high\n")
        keys.chmod(0o600)
        port = free_port()
        daemon = self.fair(listen={"tcp": {"address": "127.0.0.1", "port": port, "api_key_file": str(keys)}})

        def asking(key):
            return lambda: self.ask(http.client.HTTPConnection("127.0.0.1", port, timeout=60), {"Authorization": f"Bearer {key}"})

        order = self.queue(daemon, [asking("greedy-key")] * 10 + [asking("modest-key")] + [asking("high-key")] * 2)
        self.assertEqual(order[11:], [1, 2])
        self.assertEqual(order[10], 3)


if __name__ == "__main__":
    unittest.main()
