// The report of GET /v1/pool as the subcommands read it: what is missing, or not what was expected,
// shows as "-" and fails nothing. Pure.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace corral::fields {

namespace json = boost::json;

const json::value& of(const json::object& object, const char* name);  // null if there is none
json::object object(const json::object& object, const char* name);    // empty if there is none
json::array array(const json::object& object, const char* name);      // empty if there is none
double number(const json::object& object, const char* name);          // 0 if there is none

// For people: on one line, harmless to a terminal.
std::string text(const json::object& object, const char* name);
std::string duration(const json::object& object, const char* name);  // of seconds
std::string size(const json::object& object, const char* name);      // of bytes

}  // namespace corral::fields
