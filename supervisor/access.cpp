#include "supervisor/access.hpp"

#include <algorithm>

#include "ipc/accounts.hpp"

namespace corral {
namespace {

ApiKeys keys_of(const Config& config) {
    const bool wanted = config.listen.tcp && !config.listen.tcp->api_key_file.empty();
    return wanted ? ApiKeys(config.listen.tcp->api_key_file) : ApiKeys();
}

ApiError forbidden(const std::string& code, const std::string& text) {
    return ApiError(403, "invalid_request_error", code, text);
}

}  // namespace

Access::Access(const Config& config)
    : keys_(keys_of(config)),
      origins_(config.http.allowed_origins.begin(), config.http.allowed_origins.end()) {
    if (!config.listen.unix_socket) return;
    for (const std::string& name : config.listen.unix_socket->allow_users)
        allowed_uids_.insert(uid_of(name));
    for (const std::string& name : config.listen.unix_socket->allow_groups)
        allowed_gids_.insert(gid_of(name));
    for (const std::string& name : config.listen.unix_socket->priority_users)
        priority_uids_.insert(uid_of(name));
}

void Access::admit_visitor(const Peer& peer) const {
    if (!peer.tcp && !on_a_list(peer))
        throw forbidden("user_not_allowed",
                        "your user is on none of the lists in listen.unix of corral's "
                        "configuration");
}

Origin Access::admit(const HttpRequest& request, const Peer& peer) const {
    check_origin(request);
    admit_visitor(peer);
    Origin origin;
    if (!peer.tcp) {
        const uid_t uid = peer.uid.value_or(static_cast<uid_t>(-1));
        origin.client = "uid " + std::to_string(uid);
        if (priority_uids_.contains(uid)) origin.priority = Priority::high;
    } else if (keys_.empty()) {
        origin.client = "address " + peer.address;
    } else {
        const ApiKeys::Key* key = keys_.find(request.header("Authorization"));
        if (!key)
            throw ApiError(401, "invalid_request_error", "invalid_api_key",
                           "give a valid API key: Authorization: Bearer KEY");
        origin.client = "key " + std::to_string(key->line);
        if (key->high_priority) origin.priority = Priority::high;
    }
    return origin;
}

std::string Access::allowed_origin(const HttpRequest& request) const {
    const std::string_view origin = request.header("Origin");
    return origins_.contains(origin) ? std::string(origin) : "";
}

// A page of another site must not make its visitor's browser ask here. Browsers say where a request
// comes from; programs say nothing.
void Access::check_origin(const HttpRequest& request) const {
    const std::string_view origin = request.header("Origin");
    const std::string_view site = request.header("Sec-Fetch-Site");
    const bool foreign = site == "cross-site" || site == "same-site";
    if ((origin.empty() && !foreign) || !allowed_origin(request).empty()) return;
    throw forbidden("origin_not_allowed",
                    "a page of another origin asks; list it in http.allowed_origins to let it");
}

bool Access::on_a_list(const Peer& peer) const {
    if (allowed_uids_.empty() && allowed_gids_.empty()) return true;
    return (peer.uid && allowed_uids_.contains(*peer.uid)) ||
           std::ranges::any_of(peer.gids, [&](gid_t gid) { return allowed_gids_.contains(gid); });
}

}  // namespace corral
