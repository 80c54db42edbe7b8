#include "supervisor/api.hpp"

#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "supervisor/openai.hpp"
#include "supervisor/pool_report.hpp"

namespace corral {
namespace {

namespace json = boost::json;

constexpr std::string_view chat_path = "/v1/chat/completions";
constexpr std::string_view models_path = "/v1/models";

HttpResponse json_response(int status, std::string body) {
    return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

HttpResponse error_response(const ApiError& error) {
    return json_response(error.status, openai::error_body(error));
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

// Collects the whole answer before anything is sent.
class WholeAnswer final : public AnswerSink {
  public:
    awaitable<bool> write(const std::string& text) override {
        text_ += text;
        co_return true;
    }
    bool restart() override {
        text_.clear();
        return true;
    }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

// Sends the answer as server-sent events. The response begins with the first text, so that an error
// before it still has a status of its own.
class StreamedAnswer final : public AnswerSink {
  public:
    StreamedAnswer(HttpExchange& exchange, const openai::AnswerHead& head, HttpHeaders headers)
        : exchange_(exchange), head_(head), response_{200, std::move(headers), ""} {
        response_.headers["Content-Type"] = "text/event-stream";
        response_.headers["Cache-Control"] = "no-cache";
    }

    awaitable<bool> write(const std::string& text) override {
        const std::string event = openai::chunk(head_, text, !started_);
        const bool sent = co_await send(event);
        co_return sent;
    }
    awaitable<void> finish(const Finish& finish, bool include_usage) {
        const std::string events = openai::last_chunks(head_, finish, !started_, include_usage);
        const bool sent = co_await send(events);
        if (sent) co_await exchange_.end_stream();
    }
    // Only when started: the stream ends with an explicit error and no [DONE].
    awaitable<void> fail(const ApiError& error) {
        const std::string event = openai::error_event(error);
        const bool sent = co_await send(event);
        if (sent) co_await exchange_.end_stream();
    }
    bool restart() override { return !started_; }
    bool started() const { return started_; }

  private:
    awaitable<bool> send(const std::string& events) {
        if (!started_) {
            started_ = true;
            const bool begun = co_await exchange_.start_stream(response_);
            if (!begun) co_return false;
        }
        const bool sent = co_await exchange_.send(events);
        co_return sent;
    }

    HttpExchange& exchange_;
    const openai::AnswerHead& head_;
    HttpResponse response_;
    bool started_ = false;
};

void log_answer(const openai::AnswerHead& head, const AnswerEnd& end) {
    const Usage& usage = end.finish.usage;
    spdlog::info("{} {}: {} prompt + {} answer tokens, waited {} ms, answered in {} ms", head.id,
                 head.model, usage.prompt_tokens.value_or(0), usage.completion_tokens.value_or(0),
                 end.waited.count(), end.generated.count());
}

}  // namespace

Api::Api(const Config& config, Clock& clock, ApiKeys keys,
         const std::vector<std::unique_ptr<Pool>>& pools)
    : config_(config),
      clock_(clock),
      keys_(std::move(keys)),
      pools_(pools),
      started_(openai::new_head("").created) {}

bool Api::allowed(const HttpExchange& exchange) const {
    return !exchange.peer().tcp || keys_.allow(exchange.request().header("Authorization"));
}

awaitable<void> Api::handle(HttpExchange& exchange) {
    const HttpRequest& request = exchange.request();
    HttpResponse response;
    if (!allowed(exchange)) {
        response = error_response(ApiError(401, "invalid_request_error", "invalid_api_key",
                                           "give a valid API key: Authorization: Bearer KEY"));
        response.headers["WWW-Authenticate"] = "Bearer";
    } else if (request.path == chat_path && request.method == "POST") {
        co_await chat(exchange);
        co_return;
    } else {
        response = get(request.path);
        const bool wrong_method =
            request.path == chat_path || (response.status != 404 && request.method != "GET");
        if (wrong_method) {
            const std::string allow = request.path == chat_path ? "POST" : "GET";
            response = error_response(ApiError(405, "invalid_request_error", "method_not_allowed",
                                               request.path + " takes " + allow));
            response.headers["Allow"] = allow;
        }
    }
    co_await exchange.respond(response);
}

HttpResponse Api::get(const std::string& path) const {
    if (path == "/health") return json_response(200, "{\"status\":\"ok\"}\n");
    if (path == "/ready") return ready();
    if (path == "/v1/pool") return json_response(200, pool_report(pools_, clock_.now()));
    if (path == models_path) return models("");
    if (path.starts_with(std::string(models_path) + "/"))
        return models(path.substr(models_path.size() + 1));
    return error_response(
        ApiError(404, "invalid_request_error", "not_found",
                 "there is nothing at this path; chat is at " + std::string(chat_path)));
}

HttpResponse Api::ready() const {
    if (draining_)
        return error_response(ApiError(503, "server_error", "not_ready", "shutting down"));
    for (const auto& pool : pools_)
        if (!pool->ready())
            return error_response(
                ApiError(503, "server_error", "not_ready",
                         "pool " + pool->config().name + " has no worker with a loaded model"));
    return json_response(200, "{\"status\":\"ready\"}\n");
}

HttpResponse Api::models(const std::string& id) const {
    json::array list;
    for (const auto& pool : pools_) {
        const std::string& name = pool->config().name;
        const json::object model{
            {"id", name}, {"object", "model"}, {"created", started_}, {"owned_by", "corral"}};
        if (id == name) return json_response(200, json::serialize(model) + "\n");
        list.push_back(model);
    }
    if (!id.empty())
        return error_response(ApiError(404, "invalid_request_error", "model_not_found",
                                       "there is no model of this name here", "model"));
    return json_response(200,
                         json::serialize(json::object{{"object", "list"}, {"data", list}}) + "\n");
}

Pool& Api::pool_for(const std::string& model) const {
    std::vector<std::string> names;
    for (const auto& pool : pools_) {
        if (model.empty() || pool->config().name == model) return *pool;
        names.push_back(pool->config().name);
    }
    throw ApiError(404, "invalid_request_error", "model_not_found",
                   "there is no model of this name here; there is: " + joined(names), "model");
}

// What a chat request is, checked against the pool it is for; throws ApiError.
Api::Chat Api::prepare(const HttpRequest& http) const {
    if (draining_) throw ApiError(503, "server_error", "shutting_down", "corral is shutting down");
    ChatRequest request = parse_chat_request(http.body);
    Pool& pool = pool_for(request.model);
    const std::vector<std::string> ignored = ignored_fields(request, pool.config());
    if (!ignored.empty() && pool.config().unsupported_sampling == UnsupportedSampling::reject)
        throw ApiError(
            400, "invalid_request_error", "unsupported_parameter",
            "these differ from what the pool's workers were started with: " + joined(ignored),
            ignored.front());
    HttpHeaders headers;
    if (!ignored.empty()) headers["X-Corral-Ignored"] = joined(ignored);
    return {pool, std::move(request), openai::new_head(pool.config().name), std::move(headers)};
}

awaitable<void> Api::chat(HttpExchange& exchange) {
    std::optional<ApiError> failure;
    try {
        const Chat chat = prepare(exchange.request());
        log_content(chat);
        exchange.cancellation().cancel_at(clock_, clock_.now() + config_.timeouts.request);
        if (chat.request.stream) {
            co_await chat_streamed(exchange, chat);
        } else {
            co_await chat_whole(exchange, chat);
        }
    } catch (const ApiError& error) {
        failure = error;
    }
    if (!failure) co_return;
    spdlog::info("chat refused: {} {}", failure->status, failure->code);
    HttpResponse response = error_response(*failure);
    if (failure->retry_after_seconds > 0)
        response.headers["Retry-After"] = std::to_string(failure->retry_after_seconds);
    co_await exchange.respond(response);
}

awaitable<void> Api::chat_whole(HttpExchange& exchange, const Chat& chat) {
    WholeAnswer whole;
    const AnswerEnd end =
        co_await answer(chat.pool, clock_, chat.request, exchange.cancellation(), whole);
    log_answer(chat.head, end);
    if (config_.log.content) spdlog::info("{} answer: {}", chat.head.id, whole.text());
    HttpResponse response =
        json_response(200, openai::completion(chat.head, whole.text(), end.finish));
    response.headers.insert(chat.headers.begin(), chat.headers.end());
    response.headers["X-Corral-Waited-Ms"] = std::to_string(end.waited.count());
    response.headers["X-Corral-Answered-Ms"] = std::to_string(end.generated.count());
    co_await exchange.respond(response);
}

awaitable<void> Api::chat_streamed(HttpExchange& exchange, const Chat& chat) {
    StreamedAnswer stream(exchange, chat.head, chat.headers);
    std::optional<ApiError> failure;
    try {
        const AnswerEnd end =
            co_await answer(chat.pool, clock_, chat.request, exchange.cancellation(), stream);
        log_answer(chat.head, end);
        co_await stream.finish(end.finish, chat.request.include_usage);
    } catch (const ApiError& error) {
        if (!stream.started()) throw;  // it still can have a status of its own
        failure = error;
    }
    if (!failure) co_return;
    spdlog::info("{} {}: failed midway: {}", chat.head.id, chat.head.model, failure->code);
    co_await stream.fail(*failure);
}

void Api::log_content(const Chat& chat) const {
    if (!config_.log.content) return;
    for (const Message& message : chat.request.conversation.messages)
        spdlog::info("{} {}: {}", chat.head.id, message.role, message.text);
}

}  // namespace corral
