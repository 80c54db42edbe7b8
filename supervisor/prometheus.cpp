#include "supervisor/prometheus.hpp"

#include <charconv>
#include <cmath>

namespace corral {
namespace {

// The shortest text that means the same number.
std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return {digits, end};
}

void append_escaped(std::string& text, std::string_view raw, bool quotes_too) {
    for (const char c : raw) {
        if (c == '\n') {
            text += "\\n";
            continue;
        }
        if (c == '\\' || (quotes_too && c == '"')) text += '\\';
        text += c;
    }
}

std::string_view type_name(PrometheusText::Type type) {
    switch (type) {
        case PrometheusText::Type::counter:
            return "counter";
        case PrometheusText::Type::gauge:
            return "gauge";
        case PrometheusText::Type::histogram:
            return "histogram";
    }
    return "untyped";
}

}  // namespace

void PrometheusText::metric(std::string_view name, Type type, std::string_view help) {
    name_ = name;
    text_ += "# HELP " + name_ + ' ';
    append_escaped(text_, help, false);
    text_ += "\n# TYPE " + name_ + ' ';
    text_ += type_name(type);
    text_ += '\n';
}

void PrometheusText::sample(const Labels& labels, double value) {
    line("", labels, value);
}

void PrometheusText::sample(const Labels& labels, const Histogram& histogram) {
    const std::vector<std::uint64_t> counts = histogram.cumulative();
    Labels with_bound = labels;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const bool last = i == histogram.bounds().size();
        const std::string bound = last ? "+Inf" : number(histogram.bounds()[i]);
        with_bound.emplace_back("le", bound);
        line("_bucket", with_bound, static_cast<double>(counts[i]));
        with_bound.pop_back();
    }
    line("_sum", labels, histogram.sum());
    line("_count", labels, static_cast<double>(histogram.count()));
}

void PrometheusText::line(std::string_view suffix, const Labels& labels, double value) {
    text_ += name_;
    text_ += suffix;
    char before = '{';
    for (const auto& [name, text] : labels) {
        text_ += before;
        text_ += name;
        text_ += "=\"";
        append_escaped(text_, text, true);
        text_ += '"';
        before = ',';
    }
    if (!labels.empty()) text_ += '}';
    text_ += ' ' + number(value) + '\n';
}

}  // namespace corral
