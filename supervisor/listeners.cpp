#include "supervisor/listeners.hpp"

#include <spdlog/spdlog.h>

#include <tuple>

#include "ipc/accounts.hpp"

namespace corral {
namespace {

SocketPermissions permissions(const UnixListener& listener) {
    SocketPermissions wanted{listener.mode, std::nullopt, std::nullopt};
    if (!listener.owner.empty()) wanted.owner = uid_of(listener.owner);
    if (!listener.group.empty()) wanted.group = gid_of(listener.group);
    return wanted;
}

using File = std::tuple<std::string, unsigned, std::string, std::string>;
File file(const Listen& listen) {
    const auto& given = listen.unix_socket;
    return given ? File(given->path, given->mode, given->owner, given->group) : File();
}

using Port = std::pair<std::string, unsigned>;
Port port(const Listen& listen) {
    return listen.tcp ? Port(listen.tcp->address, listen.tcp->port) : Port();
}

}  // namespace

void Listeners::open(HttpServer& server, const Listen& listen,
                     const std::vector<HandedSocket>& handed) {
    for (const HandedSocket& socket : handed) adopt(server, socket);
    check(listen);
    own_ = (listen.unix_socket && !unix_handed_) || (listen.tcp && !tcp_handed_);
    if (listen.unix_socket && !unix_handed_) {
        server.listen_unix(listen.unix_socket->path, permissions(*listen.unix_socket));
        spdlog::info("listening on {}", listen.unix_socket->path);
    }
    if (listen.tcp && !tcp_handed_) {
        const unsigned port = server.listen_tcp(listen.tcp->address, listen.tcp->port);
        spdlog::info("listening on {} port {}", listen.tcp->address, port);
        // PrivateNetwork= of a unit gives a loopback that nobody else has.
        if (unix_handed_)
            spdlog::warn(
                "listen.tcp was opened by corral itself; if the unit has PrivateNetwork=yes, "
                "nobody can reach it: give the port to the socket unit, ListenStream={}:{}",
                listen.tcp->address, port);
    }
}

void Listeners::adopt(HttpServer& server, const HandedSocket& socket) {
    const HttpServer::Adopted adopted = server.adopt(socket.fd);
    (adopted.tcp ? tcp_handed_ : unix_handed_) = true;
    if (adopted.tcp && !adopted.loopback) exposed_ = adopted.where;
    spdlog::info("listening on {}, socket \"{}\" of the service manager", adopted.where,
                 socket.name);
}

void Listeners::check(const Listen& listen) const {
    const bool keys = listen.tcp && !listen.tcp->api_key_file.empty();
    if (!exposed_.empty() && !keys)
        throw ListenError("the service manager's socket " + exposed_ +
                          " can be reached by other machines and needs API keys: name their file "
                          "in listen.tcp.api_key_file");
}

std::vector<std::string> Listeners::needing_restart(const Listen& before,
                                                    const Listen& after) const {
    std::vector<std::string> notes;
    if (!unix_handed_ && file(before) != file(after))
        notes.push_back("listen.unix: another socket file needs a restart; the old one stays");
    if (!tcp_handed_ && port(before) != port(after))
        notes.push_back("listen.tcp: another address or port needs a restart; the old one stays");
    return notes;
}

}  // namespace corral
