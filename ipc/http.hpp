// HTTP as the rest of the program sees it: requests, responses, and one exchange of the two. Beast
// stays behind this, in ipc/http_server.cpp and ipc/http_client.cpp.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/cancellation.hpp"

namespace corral {

struct CaseInsensitiveLess {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
};
using HttpHeaders = std::map<std::string, std::string, CaseInsensitiveLess>;

struct HttpRequest {
    std::string method;
    std::string path;  // without the query
    HttpHeaders headers;
    std::string body;

    // The header's value, "" if it is absent.
    std::string_view header(std::string_view name) const;
};

struct HttpResponse {
    int status = 200;
    HttpHeaders headers;
    std::string body;
};

// Who is at the other end: the kernel's word on a Unix socket, nothing on TCP.
struct Peer {
    bool tcp = false;
    std::optional<uid_t> uid;
    std::vector<gid_t> gids;  // the first one and the further ones
    std::string address;      // of TCP, without the port
};

// One request and the way to answer it: either respond(), or start_stream(), send() and
// end_stream(). The waiting functions return false when the client is gone or does not read for
// `client_write`; nothing more can be sent then.
class HttpExchange {
  public:
    virtual ~HttpExchange() = default;
    virtual const HttpRequest& request() const = 0;
    virtual const Peer& peer() const = 0;
    // Goes into every response of this exchange.
    virtual void add_header(const std::string& name, const std::string& value) = 0;
    // Cancelled with client_gone when the client hangs up, and by HttpServer::cancel_all().
    virtual Cancellation& cancellation() = 0;

    virtual awaitable<bool> respond(const HttpResponse& response) = 0;
    // `head`'s body is not sent.
    virtual awaitable<bool> start_stream(const HttpResponse& head) = 0;
    virtual awaitable<bool> send(std::string_view bytes) = 0;
    virtual awaitable<bool> end_stream() = 0;
    // Closes the connection: whatever waits for the client ends now.
    virtual void hang_up() = 0;
};

}  // namespace corral
