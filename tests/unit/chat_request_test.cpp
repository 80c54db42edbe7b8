#include "supervisor/chat_request.hpp"

#include <doctest/doctest.h>

using namespace corral;

namespace {

ChatRequest parse(const std::string& more, const std::string& content = "\"Hi\"") {
    return parse_chat_request(R"({"messages":[{"role":"user","content":)" + content + "}]" + more +
                              "}");
}

// The error that a body is refused with.
ApiError refusal(const std::string& body) {
    try {
        parse_chat_request(body);
    } catch (const ApiError& error) {
        return error;
    }
    FAIL("accepted: " << body);
    return ApiError(0, "", "", "");
}

ApiError refusal_of(const std::string& more) {
    return refusal(R"({"messages":[{"role":"user","content":"Hi"}],)" + more + "}");
}

std::string with_messages(const std::string& messages) {
    return "{\"messages\":" + messages + "}";
}

}  // namespace

TEST_CASE("messages keep their text, as a string or as parts") {
    CHECK(parse("").conversation.messages == std::vector<Message>{{"user", "Hi"}});
    CHECK(parse("", R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])")
              .conversation.messages.front()
              .text == "a\nb");
    CHECK(parse("", R"("A\n\u00e9\ud83d\ude00\\")").conversation.messages.front().text ==
          "A\n\u00e9\U0001F600\\");
}

TEST_CASE("developer is system; a last assistant message is the prefill") {
    const ChatRequest request = parse_chat_request(with_messages(
        R"([{"role":"developer","content":"s"},{"role":"user","content":"u"},{"role":"assistant","content":"a"}])"));
    CHECK(request.conversation.messages == std::vector<Message>{{"system", "s"}, {"user", "u"}});
    CHECK(request.conversation.prefill == "a");
}

TEST_CASE("options are read, null means absent") {
    const ChatRequest request = parse(
        R"(,"stream":true,"stream_options":{"include_usage":true},"max_tokens":null,"max_completion_tokens":7,"stop":["x","y"],"model":"m","user":"someone","tools":[],"n":1)");
    CHECK(request.stream);
    CHECK(request.include_usage);
    CHECK(request.max_tokens == 7);
    CHECK(request.stop == std::vector<std::string>{"x", "y"});
    CHECK(request.model == "m");
    CHECK(request.ignored.empty());
    CHECK(parse(R"(,"stop":"x")").stop == std::vector<std::string>{"x"});
    CHECK_FALSE(parse("").stream);
}

TEST_CASE("what the pipe cannot do is refused by name") {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {R"("tools":[{"type":"function"}])", "tools"},
        {R"("response_format":{"type":"json_object"})", "response_format"},
        {R"("response_format":7)", "response_format"},
        {R"("n":2)", "n"},
        {R"("logprobs":true)", "logprobs"},
        {R"("top_logprobs":3)", "top_logprobs"},
        {R"("modalities":["text","audio"])", "modalities"},
        {R"("grammar":"root ::= x")", "grammar"},
        {R"("stop":["a","b","c","d","e"])", "stop"},
        {R"("stop":[""])", "stop"},
        {R"("stop":7)", "stop"},
        {R"("max_tokens":0)", "max_tokens"},
        {R"("max_tokens":1.5)", "max_tokens"},
        {R"("max_completion_tokens":"many")", "max_completion_tokens"},
        {R"("stream":"yes")", "stream"},
        {R"("stream_options":{})", "stream_options"},
        {R"("temperature":"hot")", "temperature"},
        {R"("model":7)", "model"},
    };
    for (const auto& [more, param] : cases) {
        CAPTURE(more);
        const ApiError error = refusal_of(more);
        CHECK(error.status == 400);
        CHECK(error.param == param);
    }
}

TEST_CASE("bad messages are refused with their place") {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"[]", "messages"},
        {"7", "messages"},
        {R"(["x"])", "messages[0]"},
        {R"([{"content":"x"}])", "messages[0].role"},
        {R"([{"role":"user"}])", "messages[0].content"},
        {R"([{"role":"user","content":7}])", "messages[0].content"},
        {R"([{"role":"tool","content":"x"}])", "messages[0].role"},
        {R"([{"role":"wizard","content":"x"}])", "messages[0].role"},
        {R"([{"role":"user","content":[{"type":"image_url","image_url":{}}]}])",
         "messages[0].content[0].type"},
        {R"([{"role":"user","content":[{"type":"text"}]}])", "messages[0].content[0].text"},
        {R"([{"role":"user","content":"a\u0000b"}])", "messages[0].content"},
        {R"([{"role":"user","content":"x"},{"role":"assistant","content":"x","tool_calls":[]}])",
         "messages[1].tool_calls"},
        {R"([{"role":"assistant","content":"x"}])", "messages"},
        {R"([{"role":"user","content":"x"},{"role":"assistant","content":""}])", "messages"},
    };
    for (const auto& [messages, param] : cases) {
        CAPTURE(messages);
        const ApiError error = refusal(with_messages(messages));
        CHECK(error.status == 400);
        CHECK(error.param == param);
    }
}

TEST_CASE("what is not JSON is refused") {
    for (const char* body :
         {"", "{", "[]", "7", "\xff", "{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}",
          R"({"messages":[{"role":"user","content":"\ud800"}]})",
          R"({"messages":[{"role":"user","content":"\udc00x"}]})"}) {
        CAPTURE(body);
        CHECK(refusal(body).status == 400);
    }
    CHECK(refusal(std::string(100000, '[')).status == 400);
}

TEST_CASE("differences from the pool's sampling and unknown fields are listed") {
    const PoolConfig pool;
    CHECK(ignored_fields(parse(R"(,"temperature":0,"top_p":0.95,"seed":42)"), pool).empty());
    CHECK(ignored_fields(parse(R"(,"temperature":0.7,"seed":1,"frequency_penalty":0)"), pool) ==
          std::vector<std::string>{"temperature", "seed"});
    CHECK(ignored_fields(parse(R"(,"logit_bias":{"5":1},"service_tier":"auto","metadata":null)"),
                         pool) == std::vector<std::string>{"logit_bias", "service_tier"});
    for (const char* field : {R"(,"evil\r\nHeader":1)", R"(,"":1)"})
        CHECK(ignored_fields(parse(field), pool) == std::vector<std::string>{"(unknown field)"});
}
