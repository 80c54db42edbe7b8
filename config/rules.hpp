// What a single value may be. Each rule reads the value from text, judges it, and says in words
// what it expects, so that a file and the command line are held to the same limits with the same
// messages. Pure; used by fields.hpp.
//
// A rule has: expected() -> "a whole number from 1 to 256"; allows(value); parse(text) -> a value
// that is allowed, or nothing; show(value) -> the value as it would stand in the file.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/size.hpp"

namespace corral::rules {

struct Whole {
    std::int64_t min;
    std::int64_t max;

    std::string expected() const;
    bool allows(std::int64_t value) const { return value >= min && value <= max; }
    std::optional<std::int64_t> parse(std::string_view text) const;
    static std::string show(std::int64_t value) { return std::to_string(value); }
};

// A whole number, or `auto` for "let corral choose" (no value).
struct WholeOrAuto {
    Whole whole;

    std::string expected() const { return "auto or " + whole.expected(); }
    bool allows(std::optional<unsigned> value) const { return !value || whole.allows(*value); }
    std::optional<std::optional<unsigned>> parse(std::string_view text) const;
    static std::string show(std::optional<unsigned> value);
};

struct Real {
    double min;
    double max;

    std::string expected() const;
    bool allows(double value) const { return value >= min && value <= max; }  // not for NaN
    std::optional<double> parse(std::string_view text) const;
    static std::string show(double value);
};

struct Duration {
    std::chrono::milliseconds min;
    std::chrono::milliseconds max;

    std::string expected() const;
    bool allows(std::chrono::milliseconds value) const { return value >= min && value <= max; }
    std::optional<std::chrono::milliseconds> parse(std::string_view text) const;
    static std::string show(std::chrono::milliseconds value);
};

// What is kept free: a size, or a percentage below 100 of all there is.
struct SizeOrPercent {
    static std::string expected() {
        return "a size such as 512M or 2G, or a percentage from 1% to 99%";
    }
    static bool allows(const Share& value) { return value.percent <= 99; }
    static std::optional<Share> parse(std::string_view text);
    static std::string show(const Share& value);
};

struct Flag {
    static std::string expected() { return "true or false"; }
    static bool allows(bool) { return true; }
    static std::optional<bool> parse(std::string_view text);
    static std::string show(bool value) { return value ? "true" : "false"; }
};

// Permission bits in octal, as chmod takes them.
struct FileMode {
    static std::string expected() { return "an octal file mode such as \"0660\""; }
    static bool allows(unsigned value) { return value <= 0777; }
    static std::optional<unsigned> parse(std::string_view text);
    static std::string show(unsigned value);
};

// A name or a path.
struct Line {
    bool may_be_empty = false;

    std::string expected() const;
    bool allows(std::string_view value) const;
    std::optional<std::string> parse(std::string_view text) const;
    static std::string show(std::string_view value) { return std::string(value); }
};

// What goes to a child as one argument or one variable: everything but NUL, which would cut it
// short unnoticed.
struct Argument {
    static std::string expected() { return "a text without NUL bytes"; }
    static bool allows(std::string_view value) { return value.find('\0') == value.npos; }
    static std::optional<std::string> parse(std::string_view text);
    static std::string show(std::string_view value) { return std::string(value); }
};

// A numeric address: a name could resolve to another machine's view of "local".
struct IpAddress {
    static std::string expected() { return "an IPv4 or IPv6 address such as 127.0.0.1 or ::1"; }
    static bool allows(std::string_view value);
    static std::optional<std::string> parse(std::string_view text);
    static std::string show(std::string_view value) { return std::string(value); }
};

// True for 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view address);

template <class Enum, std::size_t count>
struct Choice {
    std::array<std::pair<std::string_view, Enum>, count> names;

    std::string expected() const {
        std::string out = "one of ";
        for (const auto& [name, value] : names) out.append(out.size() > 7 ? ", " : "").append(name);
        return out;
    }
    bool allows(Enum value) const { return !show(value).empty(); }
    std::optional<Enum> parse(std::string_view text) const {
        for (const auto& [name, value] : names) {
            if (name == text) return value;
        }
        return std::nullopt;
    }
    std::string show(Enum wanted) const {
        for (const auto& [name, value] : names) {
            if (value == wanted) return std::string(name);
        }
        return {};
    }
};

}  // namespace corral::rules
