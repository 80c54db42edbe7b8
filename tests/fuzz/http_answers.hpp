// What a strict HTTP/1.1 client makes of the bytes that a server sent: for the fuzz target, which
// must not trust the server's own parser. Anything malformed is a violated property.
#pragma once

#include <charconv>
#include <map>
#include <string>
#include <string_view>

#include "tests/fuzz/property.hpp"

namespace corral::fuzz {

struct Answer {
    std::string version;
    int status = 0;
    std::map<std::string, std::string, std::less<>> headers;
    std::string body;

    std::string_view header(std::string_view name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string_view() : std::string_view(found->second);
    }
    bool says_last() const {
        const std::string_view connection = header("Connection");
        return version == "HTTP/1.0" ? connection != "keep-alive" : connection == "close";
    }
};

class AnswerReader {
  public:
    explicit AnswerReader(std::string_view bytes) : bytes_(bytes) {}

    bool at_end() const { return bytes_.empty(); }

    // The next answer but for "100 Continue"; one to a HEAD has headers only.
    Answer next(bool to_head) {
        Answer answer = head();
        while (answer.status == 100) answer = head();
        if (to_head) return answer;
        if (answer.header("Transfer-Encoding") == "chunked") {
            while (take_chunk(answer.body)) {
            }
        } else if (const auto length = answer.header("Content-Length"); !length.empty()) {
            answer.body = take(number(length, 10));
        } else {
            answer.body = take(bytes_.size());
        }
        return answer;
    }

  private:
    std::string_view take(std::size_t size) {
        require(size <= bytes_.size(), "an answer is whole");
        const std::string_view taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }
    std::string_view line() {
        const std::size_t end = bytes_.find("\r\n");
        require(end != bytes_.npos, "a line of an answer has an end");
        const std::string_view taken = take(end);
        take(2);
        return taken;
    }
    static std::size_t number(std::string_view text, int base) {
        std::size_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value, base);
        require(error == std::errc{} && stop == end, "a number in an answer is one");
        return value;
    }
    Answer head() {
        const std::string_view status = line();
        require(status.starts_with("HTTP/1.1 ") || status.starts_with("HTTP/1.0 "),
                "an answer begins with its version");
        Answer answer;
        answer.version = status.substr(0, 8);
        answer.status = static_cast<int>(number(status.substr(9, 3), 10));
        for (std::string_view field = line(); !field.empty(); field = line()) {
            const std::size_t colon = field.find(": ");
            require(colon != field.npos, "a header has a name and a value");
            const bool fresh =
                answer.headers.emplace(field.substr(0, colon), field.substr(colon + 2)).second;
            require(fresh, "a header appears once");
        }
        return answer;
    }
    bool take_chunk(std::string& body) {
        const std::size_t size = number(line(), 16);
        body += take(size);
        require(line().empty(), "a chunk has an end");
        return size > 0;
    }

    std::string_view bytes_;
};

}  // namespace corral::fuzz
