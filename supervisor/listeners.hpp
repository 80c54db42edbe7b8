// Where clients connect: what the configuration says, and the sockets that a service manager handed
// over, which take the place of the configuration's own of the same kind. Used by the supervisor.
#pragma once

#include "config/config.hpp"
#include "ipc/http_server.hpp"
#include "ipc/service_manager.hpp"

namespace corral {

class Listeners {
  public:
    // Throws ListenError. Logs where it listens.
    void open(HttpServer& server, const Listen& listen, const std::vector<HandedSocket>& handed);
    // Throws ListenError for keys that a handed-over TCP socket needs and `listen` does not name.
    void check(const Listen& listen) const;
    // What of the difference only a new start would bring about.
    std::vector<std::string> needing_restart(const Listen& before, const Listen& after) const;

    // Whether all that is listened on was handed over, and so stays for a successor.
    bool stay() const { return (unix_handed_ || tcp_handed_) && !own_; }

  private:
    void adopt(HttpServer& server, const HandedSocket& socket);

    bool own_ = false;
    bool unix_handed_ = false;
    bool tcp_handed_ = false;
    std::string exposed_;  // a handed-over TCP socket that other machines can reach
};

}  // namespace corral
