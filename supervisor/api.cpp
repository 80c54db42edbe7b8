#include "supervisor/api.hpp"

#include <unistd.h>

#include <boost/json.hpp>

#include "config/duration.hpp"
#include "supervisor/answer_sinks.hpp"
#include "supervisor/log.hpp"
#include "supervisor/responses.hpp"

namespace corral {
namespace {

namespace json = boost::json;

constexpr std::string_view chat_path = "/v1/chat/completions";
constexpr std::string_view reload_path = "/v1/reload";

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

// Lets the script of a browser's page, which the configuration allows, read the response.
void let_page_read(HttpExchange& exchange, const std::string& page) {
    exchange.add_header("Access-Control-Allow-Origin", page);
    exchange.add_header("Access-Control-Expose-Headers",
                        "Retry-After, X-Corral-Ignored, X-Corral-Waited-Ms, X-Corral-Answered-Ms");
    exchange.add_header("Vary", "Origin");
}

// The client's own limit: seconds, or a duration with its unit.
milliseconds timeout_wanted(const HttpRequest& http) {
    constexpr std::string_view header = "X-Request-Timeout";
    const std::string text(http.header(header));
    if (text.empty()) return milliseconds::max();
    const bool has_unit =
        !text.ends_with('.') && std::isalpha(static_cast<unsigned char>(text.back()));
    const auto timeout = parse_duration(has_unit ? text : text + "s");
    if (!timeout || timeout->count() == 0)
        throw ApiError(400, "invalid_request_error", "invalid_value",
                       "X-Request-Timeout takes seconds (2.5) or a duration (500ms, 2m)",
                       std::string(header));
    return *timeout;
}

void log_answer(const openai::AnswerHead& head, const AnswerEnd& end) {
    const Usage& usage = end.finish.usage;
    log::info(log::request(head.id, head.model),
              "{} prompt + {} answer tokens, waited {} ms, answered in {} ms",
              usage.prompt_tokens.value_or(0), usage.completion_tokens.value_or(0),
              end.waited.count(), end.generated.count());
}

}  // namespace

Api::Api(asio::any_io_executor executor, const Config& config, Clock& clock,
         const std::vector<std::unique_ptr<Pool>>& pools, Reload reload)
    : config_(config),
      clock_(clock),
      access_(config),
      pools_(pools),
      reload_(std::move(reload)),
      pages_(std::move(executor), config, clock, pools, refused_) {}

void Api::refuse_new() {
    draining_ = true;
    pages_.refuse_ready();
}

awaitable<void> Api::handle(HttpExchange& exchange) {
    HttpResponse response;
    try {
        const Origin origin = admit(exchange);
        const std::string page = access_.allowed_origin(exchange.request());
        if (!page.empty()) let_page_read(exchange, page);
        if (exchange.request().path == chat_path && exchange.request().method == "POST") {
            co_await chat(exchange, origin);
            co_return;
        }
        if (exchange.request().path == Pages::events_path && exchange.request().method == "GET") {
            co_await pages_.events(exchange);
            co_return;
        }
        response = answer_other(exchange, !page.empty());
    } catch (const ApiError& error) {
        if (error.status == 401 || error.status == 403) ++refused_[refused_as(error)];
        response = error_response(error);
    }
    co_await exchange.respond(response);
}

Origin Api::admit(const HttpExchange& exchange) const {
    if (exchange.request().path != Pages::status_path)
        return access_.admit(exchange.request(), exchange.peer());
    access_.admit_visitor(exchange.peer());
    return {};
}

// Everything but chat.
HttpResponse Api::answer_other(const HttpExchange& exchange, bool from_page) {
    const HttpRequest& request = exchange.request();
    if (from_page && request.method == "OPTIONS")
        return {204,
                {{"Access-Control-Allow-Methods", "GET, POST"},
                 {"Access-Control-Allow-Headers", "Authorization, Content-Type, X-Request-Timeout"},
                 {"Access-Control-Max-Age", "600"}},
                ""};
    const bool to_post = request.path == chat_path || request.path == reload_path;
    if (to_post && request.method == "POST") return reload(exchange.peer());
    HttpResponse response = to_post ? HttpResponse{} : pages_.get(request.path);
    if (to_post || (response.status != 404 && request.method != "GET")) {
        const std::string allow = to_post ? "POST" : "GET";
        response = error_response(ApiError(405, "invalid_request_error", "method_not_allowed",
                                           request.path + " takes " + allow));
        response.headers["Allow"] = allow;
    }
    return response;
}

// For the administrator: root, or the user that corral runs as.
HttpResponse Api::reload(const Peer& peer) {
    if (peer.tcp || !peer.uid || (*peer.uid != 0 && *peer.uid != geteuid()))
        throw ApiError(403, "invalid_request_error", "not_administrator",
                       "only root and the user that corral runs as may reload, on its Unix socket");
    try {
        json::array changes;
        for (const std::string& change : reload_()) changes.emplace_back(change);
        return json_response(200,
                             json::serialize(json::object{{"changes", std::move(changes)}}) + "\n");
    } catch (const std::runtime_error& error) {
        throw ApiError(400, "invalid_request_error", "invalid_configuration",
                       std::string("the old configuration stays: ") + error.what());
    }
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
Api::Chat Api::prepare(const HttpRequest& http, Origin origin) const {
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
    origin.user = request.user;
    return {pool,
            std::move(request),
            std::move(origin),
            std::min(config_.timeouts.request, timeout_wanted(http)),
            openai::new_head(pool.config().name),
            std::move(headers)};
}

Api::Chat Api::prepare_or_refuse(const HttpRequest& http, const Origin& origin) {
    try {
        return prepare(http, origin);
    } catch (const ApiError& error) {
        ++refused_[refused_as(error)];
        throw;
    }
}

awaitable<void> Api::chat(HttpExchange& exchange, const Origin& origin) {
    std::optional<ApiError> failure;
    try {
        const Chat chat = prepare_or_refuse(exchange.request(), origin);
        log_content(chat);
        exchange.cancellation().cancel_at(clock_, clock_.now() + chat.timeout);
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
    const HttpResponse response = error_response(*failure);
    co_await exchange.respond(response);
}

awaitable<void> Api::chat_whole(HttpExchange& exchange, const Chat& chat) {
    WholeAnswer whole;
    const AnswerEnd end = co_await answer(chat.pool, clock_, chat.request, chat.origin,
                                          exchange.cancellation(), whole);
    log_answer(chat.head, end);
    if (config_.log.content)
        log::info(log::request(chat.head.id, chat.head.model), "answer: {}", whole.text());
    HttpResponse response = json_response(200, openai::completion(chat.head, whole.text(), end));
    response.headers.insert(chat.headers.begin(), chat.headers.end());
    response.headers["X-Corral-Waited-Ms"] = std::to_string(end.waited.count());
    response.headers["X-Corral-Answered-Ms"] = std::to_string(end.generated.count());
    co_await exchange.respond(response);
}

awaitable<void> Api::chat_streamed(HttpExchange& exchange, const Chat& chat) {
    StreamedAnswer stream(exchange, chat.head, chat.headers);
    std::optional<ApiError> failure;
    try {
        const AnswerEnd end = co_await answer(chat.pool, clock_, chat.request, chat.origin,
                                              exchange.cancellation(), stream);
        log_answer(chat.head, end);
        co_await stream.finish(end, chat.request.include_usage);
    } catch (const ApiError& error) {
        if (!stream.started()) throw;  // it still can have a status of its own
        failure = error;
    }
    if (!failure) co_return;
    log::info(log::request(chat.head.id, chat.head.model), "failed midway: {}", failure->code);
    co_await stream.fail(*failure);
}

void Api::log_content(const Chat& chat) const {
    if (!config_.log.content) return;
    for (const Message& message : chat.request.conversation.messages)
        log::info(log::request(chat.head.id, chat.head.model), "{}: {}", message.role,
                  message.text);
}

}  // namespace corral
