#include "cli/report_fields.hpp"

#include <boost/system/error_code.hpp>

#include "cli/terminal.hpp"
#include "supervisor/format.hpp"

namespace corral::fields {

const json::value& of(const json::object& object, const char* name) {
    static const json::value none;
    const json::value* found = object.if_contains(name);
    return found ? *found : none;
}

json::object object(const json::object& object, const char* name) {
    const json::value& value = of(object, name);
    return value.is_object() ? value.get_object() : json::object();
}

json::array array(const json::object& object, const char* name) {
    const json::value& value = of(object, name);
    return value.is_array() ? value.get_array() : json::array();
}

double number(const json::object& object, const char* name) {
    const json::value& value = of(object, name);
    return value.is_number() ? value.to_number<double>() : 0;
}

std::string text(const json::object& object, const char* name) {
    const json::value& value = of(object, name);
    if (value.is_null()) return "-";
    return one_line(value.is_string() ? std::string_view(value.get_string())
                                      : std::string_view(json::serialize(value)));
}

std::string duration(const json::object& object, const char* name) {
    const json::value& value = of(object, name);
    if (!value.is_number()) return "-";
    const double seconds = number(object, name);
    // What is told in whole seconds has no tenths.
    const bool whole = !value.is_double() && seconds >= 0 && seconds < 10;
    return whole ? std::to_string(static_cast<int>(seconds)) + " s" : format_seconds(seconds);
}

std::string size(const json::object& object, const char* name) {
    const json::value& value = of(object, name);
    boost::system::error_code ec;
    const auto bytes = value.is_number() ? value.to_number<std::uint64_t>(ec) : 0;
    return value.is_number() && !ec ? format_bytes(bytes) : "-";
}

}  // namespace corral::fields
