// The HTTP interface: access, chat, reload; what is only read is supervisor/pages.hpp. Owned by the
// supervisor; its handle() is the HTTP server's handler. Message text never leaves it but to the
// client, and to the log if log.content says so.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "ipc/http_server.hpp"
#include "supervisor/access.hpp"
#include "supervisor/openai.hpp"
#include "supervisor/outcome.hpp"
#include "supervisor/pages.hpp"

namespace corral {

class Api {
  public:
    // Throws std::runtime_error, one line, for what supervisor/access.hpp cannot use.
    // `reload` reads the configuration again and returns what changes; it throws
    // std::runtime_error.
    using Reload = std::function<std::vector<std::string>()>;
    Api(asio::any_io_executor executor, const Config& config, Clock& clock,
        const std::vector<std::unique_ptr<Pool>>& pools, Reload reload);
    void set_access(Access access) { access_ = std::move(access); }

    awaitable<void> handle(HttpExchange& exchange);
    // Something of a worker is different.
    void note_change() { pages_.note_change(); }
    // From now on chat requests are refused with 503.
    void refuse_new();
    // Ends the streams of those who watch the pools.
    void end_watching() { pages_.end_streams(); }

  private:
    struct Chat {
        Pool& pool;
        ChatRequest request;
        Origin origin;
        milliseconds timeout;  // of waiting and answering together
        openai::AnswerHead head;
        HttpHeaders headers;  // of the response
    };

    awaitable<void> chat(HttpExchange& exchange, const Origin& origin);
    Chat prepare(const HttpRequest& http, Origin origin) const;
    Chat prepare_or_refuse(const HttpRequest& http, const Origin& origin);
    awaitable<void> chat_whole(HttpExchange& exchange, const Chat& chat);
    awaitable<void> chat_streamed(HttpExchange& exchange, const Chat& chat);
    void log_content(const Chat& chat) const;
    HttpResponse answer_other(const HttpExchange& exchange, bool from_page);
    HttpResponse reload(const Peer& peer);
    Origin admit(const HttpExchange& exchange) const;
    Pool& pool_for(const std::string& model) const;

    const Config& config_;
    Clock& clock_;
    Access access_;
    const std::vector<std::unique_ptr<Pool>>& pools_;
    Reload reload_;
    bool draining_ = false;
    RefusedCounts refused_;
    Pages pages_;
};

}  // namespace corral
