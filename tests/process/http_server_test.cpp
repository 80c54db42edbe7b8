// The HTTP server over real sockets: what clients with and without manners get.
#include "ipc/http_server.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace corral;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 20s;  // a bound, not a wait

// A plain blocking client whose reads let the server's loop run.
class RawClient {
  public:
    RawClient(asio::io_context& io, const std::string& path) : io_(io) {
        fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    ~RawClient() { hang_up(); }

    void send(const std::string& bytes) {
        for (std::size_t sent = 0; sent < bytes.size();) {
            const ssize_t n =
                ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n > 0) sent += static_cast<std::size_t>(n);
            if (n < 0 && errno != EAGAIN) return;  // the server has enough
            io_.restart();
            io_.run_for(1ms);
        }
    }
    void finish_sending() { shutdown(fd_, SHUT_WR); }
    void hang_up() {
        if (fd_ >= 0) close(std::exchange(fd_, -1));
    }
    // Reads until `text` has come or the server closed.
    std::string read_until(const std::string& text) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (seen_.find(text) == std::string::npos && std::chrono::steady_clock::now() < end) {
            io_.restart();
            io_.run_for(1ms);
            char bytes[4096];
            const ssize_t n = recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
            if (n > 0) seen_.append(bytes, static_cast<std::size_t>(n));
            if (n == 0 || (n < 0 && errno != EAGAIN)) closed_ = true;
            if (closed_) break;
        }
        return seen_;
    }
    bool closed() {
        read_until("\1never");
        return closed_;
    }

  private:
    asio::io_context& io_;
    int fd_;
    std::string seen_;
    bool closed_ = false;
};

struct World {
    explicit World(HttpLimits limits = {16, 1000, 5s, 5s, 5s, 5s})
        : folder(std::filesystem::temp_directory_path() /
                 ("corral-http-" + std::to_string(getpid()))),
          server(
              io.get_executor(), clock, limits, [this](HttpExchange& e) { return handle(e); },
              [](int status, const std::string& text) { return std::to_string(status) + text; },
              [this](const std::string&, const std::string& what) { errors.push_back(what); }) {
        std::filesystem::create_directories(folder);
        server.listen_unix(path(), {0600, {}, {}});
    }
    ~World() {
        server.stop_accepting();
        server.cancel_all(CancelReason::shutdown);
        io.restart();
        io.run_for(patience);
        CHECK_FALSE(std::filesystem::exists(path()));
        std::filesystem::remove_all(folder);
    }
    std::string path() const { return (folder / "s").string(); }

    awaitable<void> handle(HttpExchange& exchange) {
        const std::string& target = exchange.request().path;
        if (target == "/throw") throw std::runtime_error("thrown");
        if (target == "/wait") {
            Event never_told(io.get_executor(), clock);
            const std::stop_token stop = exchange.cancellation().token();
            co_await never_told.wait(never, stop);
            reasons.push_back(exchange.cancellation().reason());
        }
        if (target == "/flood") {
            const HttpResponse head;
            bool sent = co_await exchange.start_stream(head);
            static const std::string part(1000, 'x');
            while (sent) sent = co_await exchange.send(part);
            co_await exchange.send(part);  // as a handler may that has an error to tell
            co_return;
        }
        if (target == "/stream") {
            const HttpResponse head;
            co_await exchange.start_stream(head);
            static const std::string parts[] = {"one", "two"};
            for (const std::string& part : parts) co_await exchange.send(part);
            co_await exchange.end_stream();
            co_return;
        }
        const HttpResponse response{
            200, {}, exchange.request().method + " " + target + " " + exchange.request().body};
        co_await exchange.respond(response);
    }
    bool until(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!done() && std::chrono::steady_clock::now() < end) {
            io.restart();
            io.run_for(2ms);
        }
        return done();
    }

    asio::io_context io{1};
    SystemClock clock{io.get_executor()};
    std::filesystem::path folder;
    std::vector<std::optional<CancelReason>> reasons;
    std::vector<std::string> errors;
    HttpServer server;
};

std::string post(const std::string& path, const std::string& body) {
    return "POST " + path +
           " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

int bound_socket(const std::string& path) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

std::string get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

}  // namespace

TEST_CASE("requests of one connection are answered in order, also when sent at once") {
    World world;
    RawClient client(world.io, world.path());
    client.send(post("/a", "1") + get("/b") + post("/c", "3"));
    const std::string seen = client.read_until("POST /c 3");
    CHECK(seen.find("POST /a 1") < seen.find("GET /b "));
    CHECK(seen.find("GET /b ") < seen.find("POST /c 3"));
    CHECK(seen.find("POST /c 3") != std::string::npos);
}

TEST_CASE("an answer to HEAD tells the length of the body but has none") {
    World world;
    RawClient client(world.io, world.path());
    client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + get("/b"));
    const std::string seen = client.read_until("GET /b ");
    CHECK(seen.find("Content-Length: 8\r\n\r\nHTTP/1.1 200 OK\r\n") != std::string::npos);
    CHECK(seen.find("HEAD /a ") == std::string::npos);
}

TEST_CASE("a stream comes in chunks, and plain to an HTTP/1.0 client") {
    World world;
    RawClient modern(world.io, world.path());
    modern.send(get("/stream"));
    CHECK(modern.read_until("0\r\n\r\n").ends_with("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
    RawClient old(world.io, world.path());
    old.send("GET /stream HTTP/1.0\r\n\r\n");
    CHECK(old.closed());
    CHECK(old.read_until("").ends_with("\r\n\r\nonetwo"));
}

TEST_CASE("a client that hangs up cancels its request; one that only stopped sending does not") {
    World world;
    RawClient client(world.io, world.path());
    client.send(get("/wait"));
    REQUIRE(world.until([&] { return world.server.exchanges() == 1; }));
    client.finish_sending();
    world.io.run_for(20ms);
    CHECK(world.reasons.empty());
    client.hang_up();
    REQUIRE(world.until([&] { return !world.reasons.empty(); }));
    CHECK(world.reasons[0] == CancelReason::client_gone);
}

TEST_CASE("a client that hangs up is noticed behind its own next request") {
    World world;
    RawClient client(world.io, world.path());
    client.send(get("/wait") + get("/next"));
    REQUIRE(world.until([&] { return world.server.exchanges() == 1; }));
    client.hang_up();
    REQUIRE(world.until([&] { return !world.reasons.empty(); }));
    CHECK(world.reasons[0] == CancelReason::client_gone);
}

TEST_CASE("what is no request, or too much of one, gets its status and the connection ends") {
    World world;
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"HELLO\r\n\r\n", "HTTP/1.1 400"},
        {"GET / HTTP/1.1\r\nX: " + std::string(20000, 'x') + "\r\n\r\n", "HTTP/1.1 431"},
        {post("/a", std::string(1001, 'x')), "HTTP/1.1 413"},
        {post("/a", std::string(300000, 'x')), "HTTP/1.1 413"},
        {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 400"},
        {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "HTTP/1.1 400"},
    };
    for (const auto& [bytes, status] : cases) {
        CAPTURE(status);
        RawClient client(world.io, world.path());
        client.send(bytes);
        CHECK(client.read_until("\r\n\r\n").starts_with(status));
        client.finish_sending();
        CHECK(client.closed());
    }
    CHECK(world.errors.empty());
}

TEST_CASE("a client that is slow with its request is told so and dropped") {
    World world({16, 1000, 50ms, 50ms, 5s, 5s});
    for (const char* part : {"GET / HT", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n12"}) {
        RawClient client(world.io, world.path());
        client.send(part);
        CHECK(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 408"));
    }
}

TEST_CASE("idle connections end, and those beyond the limit are refused") {
    World world({2, 1000, 5s, 5s, 100ms, 5s});
    RawClient first(world.io, world.path());
    first.send(get("/wait"));
    RawClient second(world.io, world.path());
    second.send(get("/wait"));
    REQUIRE(world.until([&] { return world.server.exchanges() == 2; }));
    RawClient third(world.io, world.path());
    CHECK(third.read_until("\r\n\r\n").starts_with("HTTP/1.1 503"));
    first.hang_up();
    REQUIRE(world.until([&] { return world.server.exchanges() == 1; }));
    RawClient idle(world.io, world.path());
    CHECK(idle.closed());
}

TEST_CASE("a handler that throws ends its connection and nothing else") {
    World world;
    RawClient client(world.io, world.path());
    client.send(get("/throw"));
    CHECK(client.closed());
    CHECK(world.errors == std::vector<std::string>{"thrown"});
    RawClient other(world.io, world.path());
    other.send(get("/fine"));
    CHECK(other.read_until("GET /fine").find("200 OK") != std::string::npos);
}

TEST_CASE("a client that does not read its stream is dropped after the write timeout") {
    World world({16, 1000, 5s, 5s, 5s, 100ms});
    RawClient client(world.io, world.path());
    std::string many;
    for (int i = 0; i < 4000; ++i) many += get("/" + std::string(500, 'x'));
    std::size_t before = 0;
    client.send(many.substr(0, 200000));
    CHECK(world.until([&] {
        before = std::max(before, world.server.exchanges());
        return world.server.exchanges() == 0;
    }));
}

TEST_CASE("a client that leaves while a write to it waits is let go at once") {
    // After a failed write Asio 1.81 queues the next one for an edge that never comes.
    World world({16, 1000, 5s, 5s, 5s, 10 * patience});
    RawClient client(world.io, world.path());
    client.send(get("/flood"));
    REQUIRE(world.until([&] { return world.server.exchanges() == 1; }));
    world.io.run_for(
        50ms);  // lets it fill the socket; sooner or later makes no difference to what must hold
    client.hang_up();
    CHECK(world.until([&] { return world.server.exchanges() == 0; }));
}

TEST_CASE("a dead server's socket is replaced, a living one's and other files are not") {
    World world;
    const std::string stale = (world.folder / "stale").string();
    close(bound_socket(stale));
    world.server.listen_unix(stale, {0640, {}, {}});
    struct stat status {};
    REQUIRE(stat(stale.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0640);
    CHECK_THROWS_AS(world.server.listen_unix(world.path(), {0600, {}, {}}), ListenError);
    const std::string plain = (world.folder / "plain").string();
    std::ofstream(plain) << "precious";
    CHECK_THROWS_AS(world.server.listen_unix(plain, {0600, {}, {}}), ListenError);
    CHECK(std::filesystem::file_size(plain) == 8);
}

TEST_CASE("a socket that was handed over is served, and its file stays") {
    std::string path;
    {
        World world;
        path = (world.folder / "handed").string();
        const int fd = bound_socket(path);
        CHECK_THROWS_AS(world.server.adopt(fd), ListenError);  // does not listen
        REQUIRE(listen(fd, 8) == 0);
        RawClient early(world.io, path);
        const HttpServer::Adopted adopted = world.server.adopt(fd);
        CHECK_FALSE(adopted.tcp);
        CHECK(adopted.where == path);
        early.send(get("/early"));
        CHECK(early.read_until("GET /early").find("200 OK") != std::string::npos);
        world.server.stop_accepting();
        CHECK(std::filesystem::exists(path));
    }
}

TEST_CASE("a TCP port that was handed over says where it is and who can reach it") {
    World world;
    for (const in_addr_t wanted : {INADDR_LOOPBACK, INADDR_ANY}) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(wanted);
        REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(listen(fd, 8) == 0);
        const HttpServer::Adopted adopted = world.server.adopt(fd);
        CHECK(adopted.tcp);
        CHECK(adopted.loopback == (wanted == INADDR_LOOPBACK));
        CHECK(adopted.where.find(" port ") != std::string::npos);
    }
    CHECK_THROWS_AS(world.server.adopt(STDIN_FILENO), ListenError);
}
