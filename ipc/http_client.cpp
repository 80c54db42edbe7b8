#include "ipc/http_client.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstring>

namespace corral {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using Socket = asio::generic::stream_protocol::socket;
using std::chrono::milliseconds;

constexpr std::size_t header_bytes_max = 64 * 1024;
constexpr std::size_t whole_body_bytes_max = 64 * 1024 * 1024;

[[noreturn]] void cannot_connect(const std::string& path, const std::string& reason) {
    throw ConnectError("cannot connect to " + path + ": " + reason);
}

timeval to_timeval(milliseconds duration) {
    return {duration.count() / 1000, duration.count() % 1000 * 1000};
}

// A plain blocking connect: while the server's backlog is full the kernel waits as long as
// SO_SNDTIMEO says. Asio takes the EAGAIN of a non-blocking one for a connection under way.
int connect_to(const HttpTarget& target) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (target.socket.empty()) throw ConnectError("cannot connect: the socket's path is empty");
    if (target.socket.size() >= sizeof address.sun_path)
        cannot_connect(target.socket, "a socket's path has at most " +
                                          std::to_string(sizeof address.sun_path - 1) + " bytes");
    std::memcpy(address.sun_path, target.socket.data(), target.socket.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) cannot_connect(target.socket, std::strerror(errno));
    const timeval limit = to_timeval(target.connect_timeout);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int result;
    do {
        result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    } while (result != 0 && errno == EINTR);
    if (result == 0) return fd;
    const int error = errno;
    ::close(fd);
    cannot_connect(target.socket,
                   error == EAGAIN ? "it takes no new connections" : std::strerror(error));
}

std::string in_words(milliseconds duration) {
    return duration.count() % 1000 == 0 ? std::to_string(duration.count() / 1000) + " s"
                                        : std::to_string(duration.count()) + " ms";
}

std::string describe(error_code ec, const HttpTarget& target) {
    if (ec == beast::error::timeout)
        return "nothing came from the server for " + in_words(target.idle_timeout);
    if (ec == http::error::end_of_stream || ec == http::error::partial_message ||
        ec == asio::error::eof || ec == asio::error::connection_reset ||
        ec == asio::error::broken_pipe)
        return "the server closed the connection before its answer was complete";
    if (ec.category() == http::make_error_code(http::error::bad_method).category())
        return "what listens at " + target.socket + " does not speak HTTP: " + ec.message();
    return ec.message();
}

http::request<http::string_body> to_message(const HttpRequest& request) {
    http::request<http::string_body> message;
    message.version(11);
    message.method_string(request.method);
    message.target(request.path);
    message.set(http::field::host, "localhost");
    message.set(http::field::connection, "close");
    for (const auto& [name, value] : request.headers) message.set(name, value);
    message.body() = request.body;
    message.prepare_payload();
    return message;
}

class Exchange {
  public:
    explicit Exchange(const HttpTarget& target)
        : target_(target), stream_(connected()), stop_watch_(io_) {
        parser_.header_limit(header_bytes_max);
        parser_.body_limit(boost::none);  // whoever collects the body bounds it
        if (target.stop_fd < 0) return;
        stop_watch_.assign(::dup(target.stop_fd));
        stop_watch_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code ec) {
            if (ec) return;
            stopped_ = true;
            stream_.cancel();
        });
    }

    HttpResponse run(const HttpRequest& request, const OnBody& on_body) {
        const auto message = to_message(request);
        const error_code written =
            wait([&](auto handler) { http::async_write(stream_, message, std::move(handler)); });
        // A server that refused early has answered all the same.
        const error_code ec = wait([&](auto handler) {
            http::async_read_header(stream_, buffer_, parser_, std::move(handler));
        });
        if (ec) throw ExchangeError(describe(written ? written : ec, target_));
        HttpResponse head;
        head.status = static_cast<int>(parser_.get().result_int());
        for (const auto& field : parser_.get())
            head.headers.emplace(std::string(field.name_string()), std::string(field.value()));
        while (!parser_.is_done()) {
            const std::string_view bytes = read_some();
            if (!bytes.empty() && !on_body(head, bytes)) break;
        }
        return head;
    }

  private:
    Socket connected() {
        const int fd = connect_to(target_);
        return Socket(io_, asio::generic::stream_protocol(AF_UNIX, 0), fd);
    }

    std::string_view read_some() {
        parser_.get().body().data = bytes_.data();
        parser_.get().body().size = bytes_.size();
        const error_code ec = wait([&](auto handler) {
            http::async_read_some(stream_, buffer_, parser_, std::move(handler));
        });
        if (ec && ec != http::error::need_buffer) throw ExchangeError(describe(ec, target_));
        return {bytes_.data(), bytes_.size() - parser_.get().body().size};
    }

    // Runs the event loop until the operation that `start` begins has ended.
    template <class Start>
    error_code wait(Start start) {
        std::optional<error_code> result;
        io_.restart();  // it stops each time it runs out of work
        stream_.expires_after(target_.idle_timeout);
        start([&result](error_code ec, std::size_t) { result = ec; });
        while (!result) io_.run_one();
        if (stopped_) throw ExchangeStopped();
        return *result;
    }

    const HttpTarget& target_;
    asio::io_context io_{1};
    // Between two operations there is nothing to run, and a loop that ran dry refuses to run again.
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    beast::basic_stream<asio::generic::stream_protocol> stream_;
    asio::posix::stream_descriptor stop_watch_;
    bool stopped_ = false;
    beast::flat_buffer buffer_;
    http::response_parser<http::buffer_body> parser_;
    std::array<char, 16 * 1024> bytes_;
};

}  // namespace

HttpResponse http_exchange(const HttpTarget& target, const HttpRequest& request,
                           const OnBody& on_body) {
    return Exchange(target).run(request, on_body);
}

HttpResponse http_exchange(const HttpTarget& target, const HttpRequest& request) {
    std::string body;
    HttpResponse response =
        http_exchange(target, request, [&body](const HttpResponse&, std::string_view bytes) {
            body += bytes;
            if (body.size() > whole_body_bytes_max)
                throw ExchangeError("the answer is larger than 64 MiB");
            return true;
        });
    response.body = std::move(body);
    return response;
}

}  // namespace corral
