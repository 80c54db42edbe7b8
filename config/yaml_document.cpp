#include "config/yaml_document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "config/text.hpp"

namespace corral {

namespace {

constexpr std::size_t depth_max = 100;
constexpr std::size_t nodes_max = 100'000;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

Position position_of(const YAML::Mark& mark) {
    return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}

Position position_of(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto lines = std::ranges::count(before, '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return {static_cast<int>(lines) + 1, static_cast<int>(offset - line_start) + 1};
}

// Whether the quote that opens at the offset is closed. yaml-cpp 0.7 takes the end of the text for
// the closing quote if a line end stands before it, and so half a file for a whole one.
bool quote_is_closed(std::string_view text, std::size_t offset) {
    const char quote = text[offset];
    for (std::size_t at = offset + 1; at < text.size(); ++at) {
        if (quote == '"' && text[at] == '\\') {
            ++at;
        } else if (text[at] == quote) {
            return true;
        }
    }
    return false;
}

// yaml-cpp puts single bytes of the text in its messages, which may be half a character.
std::string readable_part(const std::string& message) {
    return message.substr(0, find_unreadable_byte(message).value_or(message.size()));
}

}  // namespace

// Builds the tree from yaml-cpp's events; throws YamlError through its parser.
class YamlBuilder : public YAML::EventHandler {
  public:
    YamlBuilder(YamlDocument& document, std::string_view text) : document_(document), text_(text) {}

    // yaml-cpp's own place, but for a bracket that is never closed: there yaml-cpp has the end of
    // the text, or nothing.
    Position place_of(const YAML::ParserException& error) const {
        const bool unclosed = error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW ||
                              error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW;
        const bool placed = error.mark.pos > 0 && error.mark.pos < static_cast<int>(text_.size());
        return unclosed && !placed && !open_.empty() ? open_.back().node->at
                                                     : position_of(error.mark);
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ == 0) return;
        throw YamlError(position_of(mark), "a second YAML document begins here; only one is read");
    }
    void OnDocumentEnd() override {
        if (complaint_) throw YamlError(*complaint_);
    }

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        add(new_node(YamlNode::Kind::nothing, mark, anchor));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) throw YamlError(position_of(mark), "this alias has no anchor");
        add(*found->second);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        refuse_tag(mark, tag);
        const auto offset = static_cast<std::size_t>(std::max(mark.pos, 0));
        const bool is_quoted =
            offset < text_.size() && (text_[offset] == '"' || text_[offset] == '\'');
        if (is_quoted && !quote_is_closed(text_, offset)) {
            throw YamlError(position_of(mark), "not valid YAML: this quote is never closed");
        }
        // yaml-cpp 0.7 makes single bytes of these two, which are no characters in UTF-8.
        if (!is_utf8(value)) {
            throw YamlError(position_of(mark),
                            "the YAML escapes \\_ and \\N are not used here; write the character");
        }
        YamlNode& node = new_node(YamlNode::Kind::scalar, mark, anchor);
        node.text = value;
        add(node);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        refuse_tag(mark, tag);
        open(new_node(YamlNode::Kind::list, mark, anchor));
    }
    void OnSequenceEnd() override { open_.pop_back(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        refuse_tag(mark, tag);
        open(new_node(YamlNode::Kind::map, mark, anchor));
    }
    void OnMapEnd() override { open_.pop_back(); }

  private:
    struct Open {
        YamlNode* node;
        const YamlNode* key = nullptr;  // of a map: read, its value not yet
    };

    static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        // yaml-cpp's own marks for plain ("?") and quoted ("!") text, and for none.
        if (tag.empty() || tag == "?" || tag == "!") return;
        throw YamlError(position_of(mark),
                        "YAML tags such as " + quoted(tag) + " are not used here");
    }

    // The bound also ends yaml-cpp 0.7's endless runs of empty values for texts such as
    // "[a],\n[a],\n".
    YamlNode& new_node(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (document_.nodes_.size() >= nodes_max) {
            throw YamlError(position_of(mark), "more than 100000 values");
        }
        YamlNode& node = document_.nodes_.emplace_back();
        node.kind = kind;
        node.at = position_of(mark);
        if (anchor != 0) anchors_[anchor] = &node;
        return node;
    }

    void open(YamlNode& node) {
        add(node);
        if (open_.size() >= depth_max) throw YamlError(node.at, "nested more than 100 levels deep");
        open_.push_back({&node});
    }

    void add(const YamlNode& node) {
        if (open_.empty()) {
            document_.root_ = &node;
            return;
        }
        Open& parent = open_.back();
        if (parent.node->kind == YamlNode::Kind::list) {
            parent.node->items.push_back(&node);
        } else if (parent.key == nullptr) {
            // Kept for the end: at a missing bracket yaml-cpp makes up such keys before it sees
            // what is wrong.
            if (node.kind != YamlNode::Kind::scalar && !complaint_) {
                complaint_.emplace(node.at, "expected the text of a key");
            }
            parent.key = &node;
        } else {
            parent.node->entries.emplace_back(parent.key, &node);
            parent.key = nullptr;
        }
    }

    YamlDocument& document_;
    std::string_view text_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, const YamlNode*> anchors_;
    std::optional<YamlError> complaint_;
    int documents_ = 0;
};

YamlDocument::YamlDocument(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    // yaml-cpp guesses UTF-16 from NULs, mends bad UTF-8 silently, and takes byte 0x04 for the end
    // of the file.
    if (const auto bad = find_unreadable_byte(text)) {
        throw YamlError(position_of(text, *bad),
                        "not UTF-8 text: byte " + quoted(text.substr(*bad, 1)));
    }
    std::istringstream stream{std::string(text)};
    YamlBuilder builder(*this, text);
    try {
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::ParserException& error) {
        throw YamlError(builder.place_of(error), "not valid YAML: " + readable_part(error.msg));
    }
}

}  // namespace corral
