// Responses of the API as whole bodies of JSON. Pure.
#pragma once

#include "ipc/http.hpp"
#include "supervisor/chat_request.hpp"

namespace corral {

HttpResponse json_response(int status, std::string body);
// With Retry-After and WWW-Authenticate where they belong.
HttpResponse error_response(const ApiError& error);

}  // namespace corral
