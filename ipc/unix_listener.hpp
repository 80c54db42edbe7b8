// Makes a listening Unix socket at a path: replaces the file of a dead server, refuses to take a
// living one's place.
#pragma once

#include <sys/types.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <optional>
#include <string>

#include "async/asio.hpp"

namespace corral {

// Who may connect, as the file of the socket tells.
struct SocketPermissions {
    unsigned mode;
    std::optional<uid_t> owner;  // absent: the one that this process runs as
    std::optional<gid_t> group;
};

// Throws ListenError (ipc/http_server.hpp). A missing last folder of the path is made.
asio::local::stream_protocol::acceptor listen_unix_socket(const asio::any_io_executor& executor,
                                                          const std::string& path,
                                                          const SocketPermissions& permissions);

// Removes the socket file unless another server has put its own there since.
class SocketFile {
  public:
    explicit SocketFile(std::string path);
    void remove();

  private:
    std::string path_;
    unsigned long inode_;
};

}  // namespace corral
