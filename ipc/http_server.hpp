// HTTP/1.1 on Unix and TCP sockets: connections, limits and timeouts; what is answered is the
// handler's business. Owned by the composition root. Requests of one connection are answered one
// after another (pipelining is safe).
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>

#include "async/task_group.hpp"
#include "ipc/http.hpp"
#include "ipc/unix_listener.hpp"

namespace corral {

struct HttpLimits {
    std::size_t connections;
    std::size_t body_bytes;
    std::chrono::milliseconds
        header_timeout;  // from a request's first byte to the end of its headers
    std::chrono::milliseconds body_timeout;
    std::chrono::milliseconds idle_timeout;   // between two requests
    std::chrono::milliseconds write_timeout;  // for one write to a client that does not read
};

// One line that names the address, the reason and the way out.
struct ListenError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class HttpServer {
  public:
    using Handler = std::function<awaitable<void>(HttpExchange&)>;
    // The body, in JSON, of an answer that the handler has no part in: (status, message).
    using ErrorBody = std::function<std::string(int, const std::string&)>;

    // `on_error` hears of exceptions that leave a connection; only that connection ends.
    HttpServer(asio::any_io_executor executor, Clock& clock, HttpLimits limits, Handler handler,
               ErrorBody error_body, TaskGroup::OnError on_error);
    ~HttpServer();

    // Both throw ListenError. A stale socket file is replaced; one that somebody serves is not.
    void listen_unix(const std::string& path, const SocketPermissions& permissions);
    // Returns the port, which is chosen by the kernel if 0 is given.
    unsigned short listen_tcp(const std::string& address, unsigned short port);

    // Where a handed-over socket listens.
    struct Adopted {
        bool tcp;
        bool loopback;      // only this machine can reach it
        std::string where;  // for people: a path, or an address and a port
    };
    // Serves a listening stream socket, Unix or TCP, that somebody else made: its file is never
    // removed. Throws ListenError for any other descriptor.
    Adopted adopt(int fd);

    // For everything that begins from now on.
    void set_limits(const HttpLimits& limits);

    // No new connections; the socket files are gone, idle connections end, the others after their
    // present answer.
    void stop_accepting();
    // The same for sockets that stay where they are, for a successor: connections that have sent no
    // request yet have a second to do so, for they were taken from the queue that it will find.
    void hand_over();
    std::size_t exchanges() const;  // being answered now
    // Returns when no request is being answered or still expected by hand_over(), at `deadline`, or
    // when `stop` is requested.
    awaitable<void> wait_idle(TimePoint deadline, std::stop_token stop);
    // Tells every request's cancellation, and closes the connections that are between requests.
    void cancel_all(CancelReason reason);
    // After stop_accepting(): returns when every connection has ended.
    awaitable<void> join();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace corral
