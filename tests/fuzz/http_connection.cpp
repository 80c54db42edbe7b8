// Fuzz target: any bytes that a client sends to a real HttpServer on a Unix socket, cut as the
// input says, answered from parse_chat_request(). Time stands still: nothing may need a timeout.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>

#include "ipc/http_server.hpp"
#include "supervisor/chat_request.hpp"
#include "tests/fuzz/cuts.hpp"
#include "tests/fuzz/http_answers.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/support/manual_clock.hpp"

using namespace corral;
using fuzz::Cuts;
using fuzz::require;

namespace {

constexpr std::size_t body_bytes_max = 1000;
constexpr std::size_t packets_max = 32;  // each costs some system calls
constexpr unsigned hang_up_bit = 8;      // of the control byte: '8' to '?'

class Folder {
  public:
    Folder() : path_(std::filesystem::temp_directory_path() / "corral-fuzz-XXXXXX") {
        require(mkdtemp(path_.data()) != nullptr, "a folder for the socket can be made");
    }
    Folder(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string socket() const { return path_ + "/s"; }

  private:
    std::string path_;
};

struct Handled {
    std::string method;
    HttpResponse response;
    bool streamed;
    bool operator==(const Handled& other) const {
        return method == other.method && streamed == other.streamed &&
               response.status == other.response.status && response.body == other.response.body;
    }
};

class World {
  public:
    World()
        : server_(
              io_.get_executor(), clock_,
              {16, body_bytes_max, std::chrono::hours(1), std::chrono::hours(1),
               std::chrono::hours(1), std::chrono::hours(1)},
              [this](HttpExchange& exchange) { return handle(exchange); },
              [](int status, const std::string& text) { return std::to_string(status) + text; },
              [](const std::string&, const std::string& what) { require(false, what); }) {
        server_.listen_unix(folder().socket(), {0600, {}, {}});
    }
    ~World() {
        server_.stop_accepting();
        TaskGroup tasks(io_.get_executor(), clock_, [](const std::string&, const std::string&) {});
        tasks.spawn("join", server_.join());
        clock_.settle();
        require(server_.exchanges() == 0 && tasks.size() == 0, "every connection ends");
    }

    void settle() { clock_.settle(); }
    const std::vector<Handled>& handled() const { return handled_; }

    static const Folder& folder() {
        static const Folder the_folder;
        return the_folder;
    }

  private:
    awaitable<void> handle(HttpExchange& exchange) {
        const HttpRequest& request = exchange.request();
        require(request.body.size() <= body_bytes_max, "a body has at most the bytes allowed");
        require(!request.method.empty() && request.path.find('?') == request.path.npos,
                "a request has a method, and a path without its query");
        const bool streamed = request.method == "POST" && request.path == "/stream";
        Handled handled{request.method, respond_to(request), streamed};
        handled_.push_back(handled);
        if (!handled.streamed) {
            co_await exchange.respond(handled.response);
            co_return;
        }
        co_await exchange.start_stream(handled.response);
        const std::string_view body = handled.response.body;
        for (std::size_t at = 0; at < body.size(); at += 7) {
            const std::string_view part = body.substr(at, 7);
            co_await exchange.send(part);
        }
        co_await exchange.end_stream();
    }

    static HttpResponse respond_to(const HttpRequest& request) {
        if (request.method != "POST") return {405, {{"Allow", "POST"}}, "POST only"};
        try {
            const ChatRequest chat = parse_chat_request(request.body);
            std::string ignored;
            for (const std::string& name : ignored_fields(chat, PoolConfig{})) ignored += name;
            return {200, {{"X-Corral-Ignored", ignored}}, encode_chat_line(chat.conversation)};
        } catch (const ApiError& error) {
            return {error.status, {}, error.what()};
        }
    }

    asio::io_context io_{1};
    test::ManualClock clock_{io_};
    std::vector<Handled> handled_;
    HttpServer server_;
};

class Client {
  public:
    explicit Client(const std::string& path)
        : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        require(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
                "a client can connect");
    }
    Client(const Client&) = delete;
    ~Client() { hang_up(); }

    void hang_up() {
        if (fd_ >= 0) close(std::exchange(fd_, -1));
    }
    void finish_sending() { shutdown(fd_, SHUT_WR); }
    // False when nothing could be sent. A server that closed has enough: the rest is dropped.
    bool send(std::string_view& bytes) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) return false;
        bytes.remove_prefix(sent < 0 ? bytes.size() : static_cast<std::size_t>(sent));
        return true;
    }
    bool receive() {
        char bytes[4096];
        const ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
        if (got > 0) received_.append(bytes, static_cast<std::size_t>(got));
        closed_ = got == 0 || (got < 0 && errno != EAGAIN);
        return got > 0;
    }
    bool closed() const { return closed_; }
    const std::string& received() const { return received_; }

  private:
    int fd_;
    std::string received_;
    bool closed_ = false;
};

void send(World& world, Client& client, const std::vector<std::string_view>& packets) {
    for (std::string_view packet : packets) {
        while (!packet.empty()) {
            const bool sent = client.send(packet);
            world.settle();
            const bool got = client.receive();
            require(sent || got, "a server that reads nothing writes");
        }
    }
}

// Every byte that came is part of an answer, in order, and the connection's end is told before it.
// Returns the status of the refusal at the end, 0 if there is none.
int check_answers(const World& world, std::string_view received) {
    fuzz::AnswerReader reader(received);
    bool ended = false;
    for (const Handled& handled : world.handled()) {
        require(!ended, "no answer follows the last one");
        const fuzz::Answer answer = reader.next(handled.method == "HEAD");
        require(answer.status == handled.response.status, "answers come in order");
        require(handled.method == "HEAD" || answer.body == handled.response.body,
                "an answer is the handler's");
        for (const auto& [name, value] : handled.response.headers)
            require(answer.header(name) == value, "a header is the handler's");
        ended = answer.says_last();
    }
    if (reader.at_end()) return 0;
    const fuzz::Answer refusal = reader.next(false);
    require(refusal.status == 400 || refusal.status == 413 || refusal.status == 431,
            "what is no request is refused");
    require(!ended && refusal.says_last(), "a refusal is the last answer and says so");
    require(reader.at_end(), "nothing follows a refusal");
    return refusal.status;
}

struct Conversed {
    std::vector<Handled> handled;
    int refused;
};

Conversed converse(const std::vector<std::string_view>& packets) {
    World world;
    Client client(World::folder().socket());
    send(world, client, packets);
    client.finish_sending();
    bool moved = true;
    while (!client.closed()) {
        require(moved, "an answered client is let go");
        world.settle();
        moved = client.receive() || client.closed();
    }
    return {world.handled(), check_answers(world, client.received())};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input = fuzz::as_text(data, size);
    const Cuts cuts(input);
    const auto packets = cuts.of(input, packets_max);
    if (cuts.control() & hang_up_bit) {
        World world;
        Client client(World::folder().socket());
        send(world, client, packets);
        client.hang_up();
        world.settle();
        return 0;
    }
    const Conversed cut = converse(packets);
    if (cuts.none()) return 0;
    const Conversed whole = converse({input});
    require(cut.handled == whole.handled, "cuts do not change what is answered");
    // What is wrong first may depend on them, in Beast's words.
    require((cut.refused == 0) == (whole.refused == 0), "cuts do not change what is refused");
    return 0;
}
