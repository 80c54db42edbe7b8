// What a client is told when its request gets no whole answer.
#pragma once

#include "supervisor/chat_request.hpp"
#include "supervisor/pool.hpp"

namespace corral::answer_errors {

ApiError refused(Pool::Refusal refusal, const Pool& pool, const Cancellation& cancellation);
// The engine's own word, or a stop.
ApiError failed(const Failure& failure, const Cancellation& cancellation);
// `attempts` workers were lost, the last one as `how` says.
ApiError workers_lost(unsigned attempts, const std::string& how);
ApiError quarantined(milliseconds ttl);

}  // namespace corral::answer_errors
