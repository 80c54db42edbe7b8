// One client's connection: reads its requests one after another and lets a handler answer each.
// Owned by the coroutine of ipc/http_server.cpp that serves it. Beast is behind this header, in
// ipc/http_connection.cpp alone.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>

#include "ipc/http_server.hpp"

namespace corral {

using HttpSocket = asio::generic::stream_protocol::socket;

class HttpConnection {
  public:
    HttpConnection(HttpSocket socket, bool tcp, Clock& clock, const HttpLimits& limits,
                   const HttpServer::ErrorBody& error_body);
    ~HttpConnection();

    // Waits for the next request; false when there will be none. What is no request is answered
    // here.
    awaitable<bool> receive();
    // Lets `handler` answer the request received; afterwards reusable() tells whether another may
    // follow.
    awaitable<void> answer(const HttpServer::Handler& handler);
    bool reusable() const;
    bool answering() const;
    bool fresh() const;  // no request of it has been received yet
    // The answer under way shall be the last one.
    void finish_after_answer();
    // Cancels the request being answered, if there is one, and otherwise ends the wait for the
    // next.
    void cancel(CancelReason reason);
    // Answers with an error and closes, in a way that lets a client read it that is still sending.
    awaitable<void> refuse(int status, const std::string& message);
    void close();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace corral
