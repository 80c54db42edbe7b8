// OpenAI's JSON: what is answered to chat clients. Pure; every function returns the text to send.
#pragma once

#include <string>

#include "supervisor/answering.hpp"

namespace corral::openai {

// One answer's identity, the same in all its chunks.
struct AnswerHead {
    std::string id;
    long created;  // seconds since the epoch
    std::string model;
};
AnswerHead new_head(const std::string& model);

std::string completion(const AnswerHead& head, const std::string& text, const AnswerEnd& end);

// Server-sent events.
std::string chunk(const AnswerHead& head, const std::string& text, bool first);
std::string last_chunks(const AnswerHead& head, const AnswerEnd& end, bool first,
                        bool include_usage);
std::string error_event(const ApiError& error);

std::string error_body(const ApiError& error);
// For errors below the API, such as a request that is not HTTP.
std::string error_body(int status, const std::string& message);

}  // namespace corral::openai
