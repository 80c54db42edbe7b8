#include "supervisor/responses.hpp"

#include "supervisor/openai.hpp"

namespace corral {

HttpResponse json_response(int status, std::string body) {
    return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

HttpResponse error_response(const ApiError& error) {
    HttpResponse response = json_response(error.status, openai::error_body(error));
    if (error.status == 401) response.headers["WWW-Authenticate"] = "Bearer";
    if (error.retry_after_seconds > 0)
        response.headers["Retry-After"] = std::to_string(error.retry_after_seconds);
    return response;
}

}  // namespace corral
