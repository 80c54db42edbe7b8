// The lines of `corral chat` and the file that remembers them.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "cli/chat_session.hpp"
#include "cli/history_file.hpp"

using namespace corral;
using Kind = ChatLine::Kind;
using Lines = std::vector<std::string>;

TEST_CASE("what a line at the prompt means") {
    struct Case {
        const char* line;
        Kind kind;
        const char* text;
    };
    const Case cases[] = {
        {"", Kind::nothing, ""},
        {" \t\r", Kind::nothing, ""},
        {"Hello", Kind::message, "Hello"},
        {" /pool", Kind::message, " /pool"},
        {"//etc/passwd", Kind::message, "/etc/passwd"},
        {"/pool", Kind::pool, ""},
        {"/pool \r", Kind::pool, ""},
        {"/clear", Kind::clear, ""},
        {"/help", Kind::help, ""},
        {"/exit", Kind::exit, ""},
        {"/quit", Kind::exit, ""},
        {"/system", Kind::system, ""},
        {"/system  Be brief.", Kind::system, "Be brief."},
        {"/exit now", Kind::unknown, "/exit with text after it"},
        {"/nope", Kind::unknown, "/nope"},
        {"/", Kind::unknown, "/"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.line);
        CHECK(parse_chat_line(c.line).kind == c.kind);
        CHECK(parse_chat_line(c.line).text == c.text);
    }
}

namespace {

struct Folder {
    std::string path = (std::filesystem::temp_directory_path() / "corral-history-XXXXXX").string();
    Folder() { REQUIRE(mkdtemp(path.data())); }
    ~Folder() { std::filesystem::remove_all(path); }
};

Lines lines_of(const std::string& path) {
    std::ifstream file(path);
    Lines lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

}  // namespace

TEST_CASE("the history is kept, for its owner only, and bounded") {
    const Folder folder;
    const std::string path = folder.path + "/history";
    const HistoryFile history(path);
    CHECK(history.load(3).empty());
    for (const char* line : {"1", "2 two", "3", "4"}) history.append(line);
    struct stat status;
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(history.load(3) == Lines{"2 two", "3", "4"});
    CHECK(lines_of(path).size() == 4);
    history.append("5");
    history.append("6");
    CHECK(history.load(3) == Lines{"4", "5", "6"});
    CHECK(lines_of(path) == Lines{"4", "5", "6"});
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("no history, no harm") {
    for (const char* path : {"", "/nowhere/at/all"}) {
        const HistoryFile history(path);
        history.append("x");
        CHECK(history.load(3).empty());
    }
}
