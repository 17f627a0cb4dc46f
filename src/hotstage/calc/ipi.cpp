// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/ipi.hpp"

#include "hotstage/calc/detail/child.hpp"
#include "hotstage/calc/detail/wire.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <fstream>
#include <optional>

namespace hotstage::calc {

namespace {

constexpr double farewell_s = 5.0;  // to write its last files after EXIT
constexpr std::string_view log_name = "engine.log";

std::string with_socket(std::string word, const std::string& name) {
  constexpr std::string_view mark = "{socket}";
  for (std::size_t at = word.find(mark); at != std::string::npos; at = word.find(mark, at + name.size())) {
    word.replace(at, mark.size(), name);
  }
  return word;
}

std::string tail(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) {
    return "(no output)";
  }
  constexpr std::streamoff most = 600;
  const std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - most));
  std::string out((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return out.empty() ? "(no output)" : out;
}

class Server final : public IpiCalculator {
 public:
  explicit Server(IpiOptions options) : options_(std::move(options)) {}

  ~Server() override { say_goodbye(); }

  [[nodiscard]] const Settings& settings() const override { return options_.settings; }

  [[nodiscard]] const IpiCounts& counts() const override { return counts_; }

  [[nodiscard]] Evaluation evaluate(const atoms::Structure& structure, Run& run) override {
    std::string reason;
    for (int attempt = 0; attempt <= options_.replacements; ++attempt) {
      try {
        if (!wire_) {
          start(structure, run);
        }
        Evaluation out = detail::exchange(*wire_, structure, watch(run));
        ++counts_.energies;
        if (options_.virial == Virial::absent) {
          out.stress_eV_A3.reset();
        }
        return out;
      } catch (const detail::ClientFailed& failure) {
        reason = describe(failure);
        drop();
        ++counts_.replaced;
        run.warn("engine replaced", fmt::format("{}: the engine {}; a new one is started", folder_text(), reason));
      } catch (...) {
        drop();  // the conversation is broken off in the middle: this client is of no use any more
        throw;
      }
    }
    throw Error(Errc::engine_failed,
                fmt::format("{}: the engine {}, {} times in a row", folder_text(), reason, options_.replacements + 1),
                fmt::format("its output ends with: {}", tail(options_.folder / log_name)));
  }

 private:
  [[nodiscard]] std::string folder_text() const { return options_.folder.string(); }

  [[nodiscard]] detail::Watch watch(Run& run) {
    return [this, &run] {
      run.check_stop();
      if (!child_->alive()) {
        throw detail::ClientFailed(child_->ended_text());
      }
    };
  }

  [[nodiscard]] std::string describe(const detail::ClientFailed& failure) {
    std::string out = failure.what();
    if (child_ && out == "closed the connection") {
      child_->stop(1.0);
      out += fmt::format(" and {}", child_->ended_text());
    }
    return out;
  }

  void start(const atoms::Structure& structure, Run& run) {
    std::filesystem::create_directories(options_.folder);
    listener_.emplace();
    const IpiLaunch launch = options_.prepare(structure);
    detail::Command command{
        .words = {}, .environment = launch.environment, .folder = options_.folder, .output = std::string(log_name)};
    for (const std::string& word : launch.words) {
      command.words.push_back(with_socket(word, listener_->name()));
    }
    child_.emplace();
    child_->start(command);
    ++counts_.started;
    wire_.emplace(listener_->accept(watch(run)));
  }

  void drop() noexcept {
    wire_.reset();
    child_.reset();
    listener_.reset();
  }

  void say_goodbye() noexcept {
    try {
      if (wire_) {
        wire_->send_header("EXIT");
        child_->stop(farewell_s);
      }
    } catch (...) {  // it is gone already
    }
    drop();
  }

  IpiOptions options_;
  IpiCounts counts_;
  std::optional<detail::Listener> listener_;
  std::optional<detail::Child> child_;
  std::optional<detail::Wire> wire_;
};

}  // namespace

std::unique_ptr<IpiCalculator> make_ipi_calculator(IpiOptions options) {
  HOTSTAGE_EXPECTS(static_cast<bool>(options.prepare) && options.replacements >= 0);
  return std::make_unique<Server>(std::move(options));
}

}  // namespace hotstage::calc
