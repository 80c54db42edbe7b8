// The way of one chat request through a pool: wait for a worker, give it the conversation, pass the
// answer on, cut it where the request says, give the worker back. When a worker is lost, another
// one goes on with the same answer where the first one ended.
#pragma once

#include "async/cancellation.hpp"
#include "supervisor/chat_request.hpp"
#include "supervisor/pool.hpp"

namespace corral {

// Where an answer goes.
class AnswerSink {
  public:
    virtual ~AnswerSink() = default;
    // False when the client is gone.
    virtual awaitable<bool> write(const std::string& text) = 0;
};

struct AnswerEnd {
    Finish finish;
    milliseconds waited;     // in the queue
    milliseconds generated;  // with workers
    unsigned resumed;        // times that another worker went on with it
};

// Throws ApiError when there is no whole answer; when the client is gone there is nobody to read
// it.
awaitable<AnswerEnd> answer(Pool& pool, Clock& clock, const ChatRequest& request,
                            const Origin& origin, Cancellation& cancellation, AnswerSink& sink);

}  // namespace corral
