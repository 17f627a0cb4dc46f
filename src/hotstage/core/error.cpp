// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

namespace hotstage {

std::string_view name(Errc code) noexcept {
  switch (code) {
    case Errc::usage:
      return "usage";
    case Errc::bad_input:
      return "bad input";
    case Errc::unsupported:
      return "not supported";
    case Errc::io:
      return "input/output";
    case Errc::missing_tool:
      return "missing tool";
    case Errc::no_space:
      return "no space";
    case Errc::refused:
      return "refused";
    case Errc::engine_failed:
      return "engine failed";
    case Errc::stopped:
      return "stopped";
  }
  return "error";
}

std::string Location::text() const {
  std::string out = file;
  if (offset) {
    return fmt::format("{}{}byte {}", out, out.empty() ? "" : " at ", *offset);
  }
  if (line > 0) {
    out += fmt::format("{}{}", out.empty() ? "line " : ":", line);
    if (column > 0) {
      out += fmt::format(":{}", column);
    }
  }
  return out;
}

Error::Error(Errc code, std::string message, std::string hint)
    : code_(code), message_(std::move(message)), hint_(std::move(hint)) {
  rebuild();
}

Error::Error(Errc code, Location where, std::string message, std::string hint)
    : code_(code), message_(std::move(message)), hint_(std::move(hint)), where_(std::move(where)) {
  rebuild();
}

Error& Error::in_file(const std::string& file) {
  if (!where_) {
    where_ = Location{.file = file};
  } else if (where_->file.empty()) {
    where_->file = file;
  }
  rebuild();
  return *this;
}

Error& Error::add_frame(std::string frame) {
  frames_ += "\n  " + std::move(frame);
  rebuild();
  return *this;
}

void Error::rebuild() {
  text_.clear();
  if (where_ && !where_->text().empty()) {
    text_ = where_->text() + ": ";
  }
  text_ += message_;
  if (!hint_.empty()) {
    text_ += ". " + hint_;
  }
  text_ += frames_;
}

namespace detail {

void fail_contract(const char* kind, const char* condition, const char* file, int line) {
  throw Bug(fmt::format("{}:{}: broken contract ({}): {}", file, line, kind, condition));
}

}  // namespace detail

}  // namespace hotstage
