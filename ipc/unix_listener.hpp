// Makes a listening Unix socket at a path: replaces the file of a dead server, refuses to take a
// living one's place.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <string>

#include "async/asio.hpp"

namespace corral {

// Throws ListenError (ipc/http_server.hpp). A missing last folder of the path is made.
asio::local::stream_protocol::acceptor listen_unix_socket(const asio::any_io_executor& executor,
                                                          const std::string& path, unsigned mode);

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
