// Who may come, and as whom they wait: the kernel's word on local peers against the allow-lists,
// API keys on TCP, browsers' cross-origin requests. Owned by the supervisor; made anew on reload.
#pragma once

#include <set>

#include "config/config.hpp"
#include "ipc/http.hpp"
#include "supervisor/api_keys.hpp"
#include "supervisor/chat_request.hpp"
#include "supervisor/fair_queue.hpp"

namespace corral {

class Access {
  public:
    // Throws std::runtime_error, one line: a user or group that does not exist, a key file that
    // cannot be used.
    explicit Access(const Config& config);

    // Throws ApiError (403). For what shows nothing: a browser that follows a link, from wherever,
    // has no key.
    void admit_visitor(const Peer& peer) const;
    // Throws ApiError: 401, 403.
    Origin admit(const HttpRequest& request, const Peer& peer) const;
    // The Origin of a browser's page that may read what is answered; "" if there is none.
    std::string allowed_origin(const HttpRequest& request) const;

  private:
    void check_origin(const HttpRequest& request) const;
    bool on_a_list(const Peer& peer) const;

    ApiKeys keys_;
    std::set<uid_t> allowed_uids_;
    std::set<gid_t> allowed_gids_;
    std::set<uid_t> priority_uids_;
    std::set<std::string, std::less<>> origins_;
};

}  // namespace corral
