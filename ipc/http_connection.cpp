#include "ipc/http_connection.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/http/chunk_encode.hpp>

namespace corral {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::size_t header_bytes_max = 16 * 1024;
constexpr std::size_t linger_bytes_max = 64 * 1024 * 1024;
constexpr auto linger_max = std::chrono::seconds(2);

// What an error while reading a request deserves; 0 for an ordinary end of the connection.
int status_for(error_code ec) {
    if (ec == http::error::end_of_stream || ec == asio::error::operation_aborted) return 0;
    if (ec == http::error::body_limit) return 413;
    if (ec == http::error::header_limit || ec == http::error::buffer_overflow) return 431;
    return ec.category() == http::make_error_code(http::error::bad_method).category() ? 400 : 0;
}

HttpRequest to_request(http::request<http::string_body>&& message) {
    HttpRequest request;
    request.method = message.method_string();
    const std::string_view target = message.target();
    request.path = target.substr(0, target.find('?'));
    for (const auto& field : message)
        request.headers.emplace(std::string(field.name_string()), std::string(field.value()));
    request.body = std::move(message.body());
    return request;
}

Peer unix_peer(int fd) {
    Peer peer;
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return peer;
    peer.uid = credentials.uid;
    size = 0;  // too small for any: the kernel tells how much is needed
    getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, nullptr, &size);
    peer.gids.resize(size / sizeof(gid_t));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.gids.data(), &size) != 0) peer.gids.clear();
    peer.gids.push_back(credentials.gid);
    return peer;
}

Peer tcp_peer(int fd) {
    Peer peer{.tcp = true, .uid = {}, .gids = {}, .address = {}};
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    char text[NI_MAXHOST];
    if (getpeername(fd, generic, &size) == 0 &&
        getnameinfo(generic, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
        peer.address = text;
    return peer;
}

Peer peer_of(int fd, bool tcp) {
    return tcp ? tcp_peer(fd) : unix_peer(fd);
}

}  // namespace

class HttpConnection::Impl final : public HttpExchange {
  public:
    Impl(HttpSocket socket, bool tcp, Clock& clock, const HttpLimits& limits,
         const HttpServer::ErrorBody& error_body)
        : clock_(clock),
          limits_(limits),
          error_body_(error_body),
          peer_(peer_of(socket.native_handle(), tcp)),
          socket_(std::move(socket)),
          watch_(socket_.get_executor(), clock, [](const std::string&, const std::string&) {}) {}

    const HttpRequest& request() const override { return request_; }
    const Peer& peer() const override { return peer_; }
    Cancellation& cancellation() override { return *cancellation_; }
    void add_header(const std::string& name, const std::string& value) override {
        extra_headers_[name] = value;
    }

    awaitable<bool> respond(const HttpResponse& response) override {
        if (write_failed_) co_return false;
        http::response<http::string_body> message = head<http::string_body>(response);
        message.body() = response.body;
        message.prepare_payload();
        http::response_serializer<http::string_body> serializer(message);
        error_code ec;
        const Bound bound(*this, limits_.write_timeout);
        if (to_head_) {
            co_await http::async_write_header(socket_, serializer, into(ec));
        } else {
            co_await http::async_write(socket_, serializer, into(ec));
        }
        co_return wrote(ec, true);
    }

    awaitable<bool> start_stream(const HttpResponse& response) override {
        if (write_failed_) co_return false;
        chunked_ = version_ >= 11;
        keep_alive_ = keep_alive_ && chunked_;
        http::response<http::empty_body> message = head<http::empty_body>(response);
        message.chunked(chunked_);
        http::response_serializer<http::empty_body> serializer(message);
        error_code ec;
        const Bound bound(*this, limits_.write_timeout);
        co_await http::async_write_header(socket_, serializer, into(ec));
        co_return wrote(ec, false);
    }

    awaitable<bool> send(std::string_view bytes) override {
        if (write_failed_) co_return false;
        error_code ec;
        const asio::const_buffer body(bytes.data(), bytes.size());
        const Bound bound(*this, limits_.write_timeout);
        if (chunked_) {
            const auto chunk = http::make_chunk(body);
            co_await asio::async_write(socket_, chunk, into(ec));
        } else {
            co_await asio::async_write(socket_, body, into(ec));
        }
        co_return wrote(ec, false);
    }

    awaitable<bool> end_stream() override {
        if (write_failed_) co_return false;
        error_code ec;
        const auto last = http::make_chunk_last();
        const Bound bound(*this, limits_.write_timeout);
        if (chunked_) co_await asio::async_write(socket_, last, into(ec));
        co_return wrote(ec, true);
    }

    void hang_up() override { close(); }

    awaitable<bool> receive() {
        to_head_ = false;
        error_code ec;
        if (buffer_.size() == 0) {
            const Bound bound(*this, limits_.idle_timeout);
            const auto space = buffer_.prepare(4096);
            const std::size_t size = co_await socket_.async_read_some(space, into(ec));
            if (ec) co_return false;
            buffer_.commit(size);
        }
        http::request_parser<http::string_body> parser;
        parser.header_limit(header_bytes_max);
        parser.body_limit(limits_.body_bytes);
        bool expired = false;
        {
            const Bound bound(*this, limits_.header_timeout, &expired);
            co_await http::async_read_header(socket_, buffer_, parser, into(ec));
        }
        if (!ec && beast::iequals(parser.get()[http::field::expect], "100-continue")) {
            static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            const Bound bound(*this, limits_.write_timeout);
            const auto bytes = asio::buffer(go_on);
            co_await asio::async_write(socket_, bytes, into(ec));
        }
        if (!ec) {
            const Bound bound(*this, limits_.body_timeout, &expired);
            co_await http::async_read(socket_, buffer_, parser, into(ec));
        }
        if (ec) {
            const int status = expired ? 408 : status_for(ec);
            const std::string reason = expired ? "the request did not come in time" : ec.message();
            if (status != 0) co_await refuse(status, reason);
            co_return false;
        }
        version_ = parser.get().version();
        keep_alive_ = parser.keep_alive();
        to_head_ = parser.get().method() == http::verb::head;
        request_ = to_request(parser.release());
        fresh_ = false;
        co_return true;
    }

    awaitable<void> answer(const HttpServer::Handler& handler) {
        cancellation_.emplace();
        extra_headers_.clear();
        answered_ = false;
        watching_ = true;
        watch_.spawn("watch", watch());
        std::exception_ptr failure;
        try {
            co_await handler(*this);
        } catch (...) {
            failure = std::current_exception();
        }
        watching_ = false;
        error_code ignored;
        socket_.cancel(ignored);
        co_await watch_.join();
        cancellation_.reset();
        if (!answered_) keep_alive_ = false;
        if (failure) std::rethrow_exception(failure);
    }

    // Hears of a client that hangs up while its request waits or is answered. Bytes that it sends
    // meanwhile are its next request and stay where they are.
    awaitable<void> watch() {
        auto event = HttpSocket::wait_read;
        while (watching_) {
            error_code ec;
            co_await socket_.async_wait(event, into(ec));
            if (!watching_) break;
            if (event == HttpSocket::wait_read && stays_open()) {
                event = HttpSocket::wait_error;
                continue;
            }
            cancellation_->cancel(CancelReason::client_gone);
            break;
        }
    }

    awaitable<void> refuse(int status, const std::string& message) {
        keep_alive_ = false;
        const HttpResponse response{
            status, {{"Content-Type", "application/json"}}, error_body_(status, message)};
        const bool sent = co_await respond(response);
        if (!sent) co_return;
        error_code ec;
        socket_.shutdown(HttpSocket::shutdown_send, ec);
        const Bound bound(*this, linger_max);
        std::array<char, 16 * 1024> discarded;
        for (std::size_t total = 0; !ec && total < linger_bytes_max;) {
            const auto space = asio::buffer(discarded);
            total += co_await socket_.async_read_some(space, into(ec));
        }
    }

    void close() {
        error_code ignored;
        socket_.shutdown(HttpSocket::shutdown_both, ignored);
        socket_.close(ignored);
    }

    Clock& clock_;
    const HttpLimits& limits_;
    const HttpServer::ErrorBody& error_body_;
    Peer peer_;
    HttpSocket socket_;
    beast::flat_buffer buffer_;
    HttpRequest request_;
    HttpHeaders extra_headers_;
    unsigned version_ = 11;
    bool fresh_ = true;
    bool keep_alive_ = true;
    bool to_head_ = false;  // the client would take a body for its next answer
    bool chunked_ = false;
    bool answered_ = false;  // wholly
    bool write_failed_ = false;
    std::optional<Cancellation> cancellation_;  // present while answering

  private:
    // While it lives, what waits for the socket waits no longer than `limit`.
    class Bound {
      public:
        Bound(Impl& owner, std::chrono::milliseconds limit, bool* expired = nullptr)
            : alarm_(owner.clock_.call_at(owner.clock_.now() + limit, [&owner, expired] {
                  error_code ignored;
                  owner.socket_.cancel(ignored);
                  if (expired) *expired = true;
              })) {}

      private:
        std::unique_ptr<Alarm> alarm_;
    };

    template <class Body>
    http::response<Body> head(const HttpResponse& response) const {
        http::response<Body> message(static_cast<http::status>(response.status), version_);
        for (const auto& [name, value] : extra_headers_) message.set(name, value);
        for (const auto& [name, value] : response.headers) message.set(name, value);
        message.keep_alive(keep_alive_);
        return message;
    }

    // After every write: whether it went out; `last` if the answer is whole with it. None may
    // follow a failed one: Asio 1.81 would queue it for an edge of epoll that never comes, and the
    // connection would hang until the write timeout.
    bool wrote(error_code ec, bool last) {
        write_failed_ = ec.failed();
        answered_ = last && !write_failed_;
        return !write_failed_;
    }

    // After the socket became readable: true if that does not mean that the client is gone. On a
    // Unix socket a client that only shut down its sending side still reads; the kernel tells it
    // from one that closed (POLLHUP). On TCP the two look alike, and closed is what it nearly
    // always is.
    bool stays_open() {
        const int fd = socket_.native_handle();
        char byte;
        if (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) return true;
        if (peer_.tcp) return false;
        pollfd state{fd, POLLIN, 0};
        return poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) == 0;
    }

    bool watching_ = false;
    TaskGroup watch_;
};

HttpConnection::HttpConnection(HttpSocket socket, bool tcp, Clock& clock, const HttpLimits& limits,
                               const HttpServer::ErrorBody& error_body)
    : impl_(std::make_unique<Impl>(std::move(socket), tcp, clock, limits, error_body)) {}
HttpConnection::~HttpConnection() = default;

awaitable<bool> HttpConnection::receive() {
    return impl_->receive();
}
awaitable<void> HttpConnection::answer(const HttpServer::Handler& handler) {
    return impl_->answer(handler);
}
bool HttpConnection::reusable() const {
    return impl_->keep_alive_;
}
bool HttpConnection::answering() const {
    return impl_->cancellation_.has_value();
}
bool HttpConnection::fresh() const {
    return impl_->fresh_;
}
void HttpConnection::finish_after_answer() {
    impl_->keep_alive_ = false;
}
void HttpConnection::cancel(CancelReason reason) {
    if (impl_->cancellation_) {
        impl_->cancellation_->cancel(reason);
    } else {
        close();
    }
}
awaitable<void> HttpConnection::refuse(int status, const std::string& message) {
    return impl_->refuse(status, message);
}
void HttpConnection::close() {
    impl_->close();
}

}  // namespace corral
