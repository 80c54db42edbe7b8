// One HTTP request over a Unix socket, blocking, on a connection of its own: for the subcommands
// that talk to a running `corral serve`. Every wait is bounded. Not for use inside the daemon's
// event loop.
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>

#include "ipc/http.hpp"

namespace corral {

struct HttpTarget {
    std::string socket;  // path
    std::chrono::milliseconds connect_timeout{5000};
    std::chrono::milliseconds idle_timeout{60000};  // without a byte from the server
    int stop_fd = -1;  // ends the exchange when it becomes readable; it is not read. -1: none
};

// Nobody answers at the socket's path; what() names the path and the reason.
struct ConnectError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The exchange broke off midway: a closed connection, a timeout, bytes that are not HTTP.
struct ExchangeError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// HttpTarget::stop_fd became readable.
struct ExchangeStopped : std::exception {
    const char* what() const noexcept override { return "stopped"; }
};

// Hears of each piece of the body as it arrives; false ends the exchange and closes the connection.
using OnBody = std::function<bool(const HttpResponse& head, std::string_view bytes)>;

// Returns the response without a body, once all of that went to `on_body` or `on_body` wanted no
// more. Throws the three above.
HttpResponse http_exchange(const HttpTarget& target, const HttpRequest& request,
                           const OnBody& on_body);

// The same for a body that is wanted as a whole; at most 64 MiB.
HttpResponse http_exchange(const HttpTarget& target, const HttpRequest& request);

}  // namespace corral
