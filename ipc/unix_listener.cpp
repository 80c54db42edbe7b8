#include "ipc/unix_listener.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstring>
#include <filesystem>

#include "ipc/http_server.hpp"

namespace corral {
namespace {

using asio::local::stream_protocol;

constexpr unsigned unchanged = ~0U;  // chown(2)

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
    throw ListenError("cannot listen on " + path + ": " + reason);
}

// Makes room for a bind: only a socket file that nobody answers on may go.
void clear_stale(const std::string& path) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) return;
    if (!S_ISSOCK(status.st_mode))
        refuse(path, "a file that is not a socket is in the way; remove it or choose another path");
    asio::io_context io;
    stream_protocol::socket probe(io);
    error_code ec;
    probe.connect(stream_protocol::endpoint(path), ec);
    if (!ec)
        refuse(
            path,
            "another server answers there; stop it first (corral status) or choose another path");
    if (ec != asio::error::connection_refused) refuse(path, ec.message());
    unlink(path.c_str());
}

}  // namespace

stream_protocol::acceptor listen_unix_socket(const asio::any_io_executor& executor,
                                             const std::string& path,
                                             const SocketPermissions& permissions) {
    clear_stale(path);
    const auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) mkdir(folder.c_str(), 0755);  // a failure shows in bind
    error_code ec;
    stream_protocol::acceptor acceptor(executor);
    acceptor.open(stream_protocol(), ec);
    const mode_t before =
        umask(0777 & ~permissions.mode);  // so that no moment exists with a wider mode
    if (!ec) acceptor.bind(stream_protocol::endpoint(path), ec);
    umask(before);
    if (!ec && (permissions.owner || permissions.group) &&
        chown(path.c_str(), permissions.owner.value_or(unchanged),
              permissions.group.value_or(unchanged)) != 0)
        ec = error_code(errno, boost::system::system_category());
    // Nobody connects before this, so no moment exists with other permissions.
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) refuse(path, ec.message() + "; choose another path with --socket or listen.unix.path");
    return acceptor;
}

SocketFile::SocketFile(std::string path) : path_(std::move(path)), inode_(0) {
    struct stat status {};
    if (stat(path_.c_str(), &status) == 0) inode_ = status.st_ino;
}

void SocketFile::remove() {
    struct stat status {};
    if (stat(path_.c_str(), &status) == 0 && status.st_ino == inode_) unlink(path_.c_str());
}

}  // namespace corral
