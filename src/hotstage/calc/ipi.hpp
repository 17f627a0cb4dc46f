// SPDX-License-Identifier: GPL-3.0-or-later
// Energies from an engine in another process that speaks the i-PI protocol (doi:10.1016/j.cpc.2018.09.020).

#pragma once

#include "hotstage/calc/calculator.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotstage::calc {

/// How a client is started: program, arguments and environment. "{socket}" in a word becomes the socket's name.
struct IpiLaunch {
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> environment;
};

/// Whether the client sends a virial that means something; many send zeros.
enum class Virial { absent, served };

struct IpiOptions {
  Settings settings;             ///< what the engine was told; becomes part of every record
  std::filesystem::path folder;  ///< the client's own working folder, made when absent; its output is engine.log there
  /// Writes the engine's input for these atoms into the folder before every start and says how to start.
  std::function<IpiLaunch(const atoms::Structure& structure)> prepare;
  Virial virial = Virial::absent;
  int replacements = 2;  ///< how many new clients one energy may cost before we give up
};

/// What happened to the clients of a calculator.
struct IpiCounts {
  std::size_t energies = 0;
  std::size_t started = 0;
  std::size_t replaced = 0;
};

/// Calculator whose clients can be counted.
class IpiCalculator : public Calculator {
 public:
  [[nodiscard]] virtual const IpiCounts& counts() const = 0;
};

/// Listens first, then starts the client; one folder and one socket each. While it waits it watches the process, not
/// the clock: an energy may take hours. A client that dies or talks nonsense is replaced and the same atoms are sent
/// again. evaluate() throws Error{engine_failed} with the end of engine.log when the replacements are used up, and
/// Error{missing_tool} when the program does not exist.
[[nodiscard]] std::unique_ptr<IpiCalculator> make_ipi_calculator(IpiOptions options);

}  // namespace hotstage::calc
