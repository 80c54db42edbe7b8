// What the client understands of the server's answers, and what it makes of refusals.
#include <doctest/doctest.h>

#include "cli/chat_call.hpp"

using namespace corral;
using namespace std::string_literals;

namespace {

std::string text_event(const std::string& json_text) {
    return R"(data: {"choices":[{"index":0,"delta":{"content":")" + json_text +
           R"("},"finish_reason":null}]})" + "\n\n";
}

const std::string first_event =
    R"(data: {"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]})"
    "\n\n";
const std::string last_event = R"(data: {"choices":[{"delta":{},"finish_reason":"length"}]})"
                               "\n\n";
const std::string usage_event = R"(data: {"choices":[],"usage":{"prompt_tokens":3}})"
                                "\n\n";
const std::string done = "data: [DONE]\n\n";

}  // namespace

TEST_CASE("a streamed answer, byte by byte") {
    AnswerStream stream;
    std::string text;
    for (const char byte : first_event + text_event("Gr\\u00fc\\u00df") + text_event(" Gott\\n") +
                               last_event + usage_event) {
        text += stream.feed({&byte, 1});
        CHECK_FALSE(stream.answer().complete);
    }
    stream.feed(done);
    CHECK(text == "Gr\xc3\xbc\xc3\x9f Gott\n");
    CHECK(stream.answer().text == text);
    CHECK(stream.answer().finish_reason == "length");
    CHECK(stream.answer().complete);
    CHECK(stream.answer().error == "");
}

TEST_CASE("an error in the midst of an answer ends it") {
    AnswerStream stream;
    const std::string failed = "data: {\"error\":{\"message\":\"worker lost\",\"code\":\"x\"}}\n\n";
    CHECK(stream.feed(text_event("half") + failed + text_event(" more") + done) == "half");
    CHECK(stream.answer().error == "worker lost");
    CHECK_FALSE(stream.answer().complete);
}

TEST_CASE("events that make no sense") {
    for (const char* event : {"data: {\n\n", "data: hello\n\n", "data: 7\n\n"}) {
        CAPTURE(event);
        AnswerStream stream;
        CHECK(stream.feed(event) == "");
        CHECK(stream.answer().error.starts_with("an event of the answer is not JSON"));
    }
    AnswerStream stream;
    CHECK(stream.feed("data: {\"choices\":7}\n\ndata: {\"choices\":[{\"delta\":[]}]}\n\n") == "");
    CHECK(stream.answer().error == "");
}

TEST_CASE("an answer that was not streamed") {
    const Answer answer = parse_completion(
        R"({"choices":[{"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]})");
    CHECK(answer.text == "Hi");
    CHECK(answer.finish_reason == "stop");
    CHECK(answer.complete);
    for (const char* body : {"", "[]", "{}", R"({"choices":[]})", "<html>"}) {
        CAPTURE(body);
        CHECK_FALSE(parse_completion(body).complete);
        CHECK(parse_completion(body).error != "");
    }
}

TEST_CASE("the message of an error body") {
    CHECK(error_message(R"({"error":{"message":"two\nlines"}})") == "two lines");
    CHECK(error_message(R"({"error":"short"})") == R"("short")");
    CHECK(error_message("<html>\x1b[31m") == "<html>[31m");
    CHECK(error_message("") == "no reason given");
    CHECK(error_message(std::string(5000, 'x')).size() == 200);
}

TEST_CASE("refusals and their exit codes") {
    const std::string body = R"({"error":{"message":"why"}})";
    const auto failure = [&](int status, HttpHeaders headers = {}) {
        return failure_of(HttpResponse{status, std::move(headers), body});
    };
    CHECK(failure(429, {{"retry-after", "7"}}).code == ExitCode::refused);
    CHECK(failure(429, {{"retry-after", "7"}}).message ==
          "the server is overloaded: why (HTTP 429); retry in 7 s");
    CHECK(failure(503).code == ExitCode::refused);
    CHECK(failure(401).code == ExitCode::refused);
    CHECK(failure(400).code == ExitCode::failed);
    CHECK(failure(502).code == ExitCode::failed);
    CHECK(failure(400).message == "the server refused the request: why (HTTP 400)");
}

TEST_CASE("a request says only what was asked for") {
    ChatCall call;
    call.messages = {{"user", "a \"b\"\n"}};
    CHECK(request_body(call, true) ==
          R"({"messages":[{"role":"user","content":"a \"b\"\n"}],"stream":true})");
    call.model = "m";
    call.max_tokens = 5;
    CHECK(request_body(call, false) == R"({"messages":[{"role":"user","content":"a \"b\"\n"}],)"
                                       R"("stream":false,"model":"m","max_tokens":5})");
}
