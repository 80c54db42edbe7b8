#include "ipc/http_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <list>
#include <vector>

#include "ipc/http_connection.hpp"

namespace corral {
namespace {

using asio::ip::tcp;

// accept() fails like this when descriptors run out: waiting is all there is to do, spinning would
// not help.
constexpr auto accept_retry = std::chrono::milliseconds(100);
// From connecting to the request. A client on this machine takes microseconds.
constexpr auto first_request_max = std::chrono::seconds(1);

tcp::acceptor listen_tcp_socket(const asio::any_io_executor& executor, const std::string& address,
                                unsigned short port) {
    error_code ec;
    const tcp::endpoint endpoint(asio::ip::make_address(address, ec), port);
    tcp::acceptor acceptor(executor);
    if (!ec) acceptor.open(endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec)
        throw ListenError("cannot listen on " + address + " port " + std::to_string(port) + ": " +
                          ec.message() + "; choose another address or port in listen.tcp");
    return acceptor;
}

int socket_option(int fd, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// An abstract address starts with a NUL, which is written as @.
std::string shown_path(std::string path) {
    if (path.starts_with('\0')) path.front() = '@';
    return path.empty() ? "an unnamed Unix socket" : path;
}

}  // namespace

class HttpServer::Impl {
  public:
    Impl(asio::any_io_executor executor, Clock& clock, HttpLimits limits, Handler handler,
         ErrorBody error_body, TaskGroup::OnError on_error)
        : executor_(executor),
          clock_(clock),
          limits_(limits),
          handler_(std::move(handler)),
          error_body_(std::move(error_body)),
          ended_(executor, clock),
          tasks_(executor, clock, std::move(on_error)) {}

    template <class Acceptor>
    awaitable<void> accept(Acceptor& acceptor, bool tcp) {
        Event pause(executor_, clock_);
        while (acceptor.is_open()) {
            error_code ec;
            HttpSocket socket(executor_);
            co_await acceptor.async_accept(socket, into(ec));
            if (ec && !acceptor.is_open()) break;
            if (ec) {
                const TimePoint retry = clock_.now() + accept_retry;
                co_await pause.wait(retry);
                continue;
            }
            tasks_.spawn("connection", serve(std::make_unique<HttpConnection>(
                                           std::move(socket), tcp, clock_, limits_, error_body_)));
        }
    }

    awaitable<void> serve(std::unique_ptr<HttpConnection> connection) {
        if (connections_.size() >= limits_.connections) {
            static const std::string reason = "too many connections; try again soon";
            co_await connection->refuse(503, reason);
            co_return;
        }
        const Registration registration(*this, *connection);
        bool open = !draining_ || expecting();
        while (open) {
            const bool received = co_await connection->receive();
            if (!received) break;
            if (draining_) connection->finish_after_answer();
            co_await connection->answer(handler_);
            ended_.notify();
            open = connection->reusable() && !draining_;
        }
        connection->close();
    }

    void stop_accepting() {
        draining_ = true;
        for (SocketFile& file : files_) file.remove();
        for (auto& acceptor : unix_acceptors_) acceptor.close();
        for (auto& acceptor : tcp_acceptors_) acceptor.close();
        for (HttpConnection* connection : connections_) {
            if (connection->answering()) {
                connection->finish_after_answer();
            } else if (!connection->fresh() || !expecting()) {
                connection->close();
            }
        }
    }

    // Whether connections without a request may still send one while the others end.
    bool expecting() const { return clock_.now() < expects_until_; }
    bool expects_request() const {
        return expecting() && std::ranges::any_of(connections_, &HttpConnection::fresh);
    }

    // A connection in the list for as long as it is served.
    class Registration {
      public:
        Registration(Impl& server, HttpConnection& connection)
            : server_(server),
              place_(server.connections_.insert(server.connections_.end(), &connection)) {}
        ~Registration() {
            server_.connections_.erase(place_);
            server_.ended_.notify();
        }

      private:
        Impl& server_;
        std::list<HttpConnection*>::iterator place_;
    };

    asio::any_io_executor executor_;
    Clock& clock_;
    HttpLimits limits_;
    Handler handler_;
    ErrorBody error_body_;
    bool draining_ = false;
    TimePoint expects_until_ = TimePoint::min();
    std::list<asio::local::stream_protocol::acceptor> unix_acceptors_;
    std::list<tcp::acceptor> tcp_acceptors_;
    std::vector<SocketFile> files_;
    std::list<HttpConnection*> connections_;
    Event ended_;  // an exchange or a connection
    TaskGroup tasks_;
};

HttpServer::HttpServer(asio::any_io_executor executor, Clock& clock, HttpLimits limits,
                       Handler handler, ErrorBody error_body, TaskGroup::OnError on_error)
    : impl_(std::make_unique<Impl>(std::move(executor), clock, limits, std::move(handler),
                                   std::move(error_body), std::move(on_error))) {}
HttpServer::~HttpServer() = default;

void HttpServer::listen_unix(const std::string& path, const SocketPermissions& permissions) {
    impl_->unix_acceptors_.push_back(listen_unix_socket(impl_->executor_, path, permissions));
    impl_->files_.emplace_back(path);
    impl_->tasks_.spawn("accept", impl_->accept(impl_->unix_acceptors_.back(), false));
}

unsigned short HttpServer::listen_tcp(const std::string& address, unsigned short port) {
    impl_->tcp_acceptors_.push_back(listen_tcp_socket(impl_->executor_, address, port));
    impl_->tasks_.spawn("accept", impl_->accept(impl_->tcp_acceptors_.back(), true));
    return impl_->tcp_acceptors_.back().local_endpoint().port();
}

HttpServer::Adopted HttpServer::adopt(int fd) {
    const int family = socket_option(fd, SO_DOMAIN);
    const bool over_tcp = family == AF_INET || family == AF_INET6;
    if ((family != AF_UNIX && !over_tcp) || socket_option(fd, SO_TYPE) != SOCK_STREAM ||
        socket_option(fd, SO_ACCEPTCONN) != 1)
        throw ListenError("descriptor " + std::to_string(fd) +
                          ", handed over by the service manager, is no listening stream socket of "
                          "Unix or TCP; use ListenStream= and Accept=no in the socket unit");
    if (!over_tcp) {
        auto& acceptor = impl_->unix_acceptors_.emplace_back(impl_->executor_);
        acceptor.assign(asio::local::stream_protocol(), fd);
        impl_->tasks_.spawn("accept", impl_->accept(acceptor, false));
        return {false, true, shown_path(acceptor.local_endpoint().path())};
    }
    auto& acceptor = impl_->tcp_acceptors_.emplace_back(impl_->executor_);
    acceptor.assign(family == AF_INET ? tcp::v4() : tcp::v6(), fd);
    impl_->tasks_.spawn("accept", impl_->accept(acceptor, true));
    const tcp::endpoint endpoint = acceptor.local_endpoint();
    return {true, endpoint.address().is_loopback(),
            endpoint.address().to_string() + " port " + std::to_string(endpoint.port())};
}

void HttpServer::set_limits(const HttpLimits& limits) {
    impl_->limits_ = limits;
}

void HttpServer::stop_accepting() {
    impl_->expects_until_ = TimePoint::min();
    impl_->stop_accepting();
}

void HttpServer::hand_over() {
    impl_->expects_until_ = impl_->clock_.now() + first_request_max;
    impl_->stop_accepting();
}

std::size_t HttpServer::exchanges() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        impl_->connections_, [](const HttpConnection* c) { return c->answering(); }));
}

awaitable<void> HttpServer::wait_idle(TimePoint deadline, std::stop_token stop) {
    while (impl_->clock_.now() < deadline && !stop.stop_requested()) {
        const bool expects = impl_->expects_request();
        if (!expects && exchanges() == 0) break;
        const TimePoint until = expects ? std::min(deadline, impl_->expects_until_) : deadline;
        co_await impl_->ended_.wait(until, stop);
    }
}

void HttpServer::cancel_all(CancelReason reason) {
    for (HttpConnection* connection : impl_->connections_) connection->cancel(reason);
}

awaitable<void> HttpServer::join() {
    return impl_->tasks_.join();
}

}  // namespace corral
