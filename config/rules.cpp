#include "config/rules.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstdio>

#include "config/duration.hpp"
#include "config/text.hpp"

namespace corral::rules {

namespace {

// The whole text as a number, or nothing.
template <class Number, class... Format>
std::optional<Number> parse_number(std::string_view text, Format... format) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, format...);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

template <class Rule, class Value>
std::optional<Value> if_allowed(const Rule& rule, std::optional<Value> value) {
    return value && rule.allows(*value) ? value : std::nullopt;
}

}  // namespace

std::string Whole::expected() const {
    return "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
}

std::optional<std::int64_t> Whole::parse(std::string_view text) const {
    return if_allowed(*this, parse_number<std::int64_t>(text));
}

std::optional<std::optional<unsigned>> WholeOrAuto::parse(std::string_view text) const {
    std::optional<std::optional<unsigned>> result;
    if (text == "auto") {
        result.emplace();
    } else if (const auto value = whole.parse(text)) {
        result.emplace(static_cast<unsigned>(*value));
    }
    return result;
}

std::string WholeOrAuto::show(std::optional<unsigned> value) {
    return value ? std::to_string(*value) : "auto";
}

std::string Real::expected() const {
    return "a number from " + show(min) + " to " + show(max);
}

std::optional<double> Real::parse(std::string_view text) const {
    return if_allowed(*this, parse_number<double>(text, std::chars_format::general));
}

std::string Real::show(double value) {
    char out[32];
    std::snprintf(out, sizeof out, "%g", value);
    return out;
}

std::string Duration::expected() const {
    return "a duration with its unit from " + show(min) + " to " + show(max) +
           " (such as 250ms, 60s, 5m)";
}

std::optional<std::chrono::milliseconds> Duration::parse(std::string_view text) const {
    return if_allowed(*this, parse_duration(text));
}

std::string Duration::show(std::chrono::milliseconds value) {
    return format_duration(value);
}

std::optional<Share> SizeOrPercent::parse(std::string_view text) {
    if (text.ends_with('%')) {
        const auto percent = parse_number<unsigned>(text.substr(0, text.size() - 1));
        if (!percent || *percent < 1 || *percent > 99) return std::nullopt;
        return Share{.percent = *percent};
    }
    const auto bytes = parse_size(text);
    if (!bytes) return std::nullopt;
    return Share{.bytes = *bytes};
}

std::string SizeOrPercent::show(const Share& value) {
    return value.percent == 0 ? format_size(value.bytes) : std::to_string(value.percent) + "%";
}

std::optional<bool> Flag::parse(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

std::optional<unsigned> FileMode::parse(std::string_view text) {
    // Fewer digits are more likely a slip than a wish, and chmod's 4-digit form with set-id bits is
    // no use on a socket.
    if (text.size() < 3 || text.size() > 4) return std::nullopt;
    return if_allowed(FileMode{}, parse_number<unsigned>(text, 8));
}

std::string FileMode::show(unsigned value) {
    char out[16];
    std::snprintf(out, sizeof out, "%04o", value);
    return out;
}

std::string Line::expected() const {
    return may_be_empty ? "a text of one line" : "a text of one line that is not empty";
}

bool Line::allows(std::string_view value) const {
    return (may_be_empty || !value.empty()) && !has_control_character(value);
}

std::optional<std::string> Line::parse(std::string_view text) const {
    return if_allowed(*this, std::optional<std::string>(text));
}

std::optional<std::string> Argument::parse(std::string_view text) {
    return if_allowed(Argument{}, std::optional<std::string>(text));
}

bool IpAddress::allows(std::string_view value) {
    const std::string address(value);
    in6_addr parsed{};
    return !has_control_character(value) && (inet_pton(AF_INET, address.c_str(), &parsed) == 1 ||
                                             inet_pton(AF_INET6, address.c_str(), &parsed) == 1);
}

std::optional<std::string> IpAddress::parse(std::string_view text) {
    return if_allowed(IpAddress{}, std::optional<std::string>(text));
}

bool is_loopback(std::string_view address) {
    const std::string text(address);
    in_addr v4{};
    if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace corral::rules
