// What `corral doctor` prints: one line for each finding, with what to do about it.
#pragma once

#include <string>

namespace corral {

class DoctorReport {
  public:
    virtual ~DoctorReport() = default;
    void ok(const std::string& text) { line("ok  ", text); }
    void warn(const std::string& text) { line("warn", text); }
    void bad(const std::string& text) {
        line("BAD ", text);
        failed_ = true;
    }
    bool failed() const { return failed_; }

  private:
    virtual void line(const char* verdict, const std::string& text);

    bool failed_ = false;
};

}  // namespace corral
