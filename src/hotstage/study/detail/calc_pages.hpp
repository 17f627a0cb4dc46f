// SPDX-License-Identifier: GPL-3.0-or-later
// What the steps of calc share: the engine's options, records of energies, tables and figures of relaxations and bands.

#pragma once

#include "hotstage/calc/engine.hpp"
#include "hotstage/calc/neb.hpp"
#include "hotstage/calc/relax.hpp"
#include "hotstage/study/step.hpp"

#include <filesystem>
#include <string>

namespace hotstage::study::detail {

/// Which engine computes, and where it works.
struct EngineOptions {
  std::string engine = "pair";
  calc::DftOptions dft;
  std::filesystem::path folder;

  template <class V>
  void fields(V& v) {
    v("engine", engine, {.help = "pair, gpaw, qe or ase; `hotstage calc engines` says which are installed"});
    dft.fields(v);
    v("folder", folder,
      {.help = "where engines work and bands keep their images for going on after a stop; empty: a temporary folder"});
  }
};

/// The folder of the options, or a temporary one that is removed at the end.
class WorkFolder {
 public:
  explicit WorkFolder(const std::filesystem::path& wanted);
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool temporary_ = false;
};

/// Record hotstage.energy/1: formula, energy, largest force, stress when there is one, settings with their hash.
[[nodiscard]] Value energy_record(const atoms::Structure& structure, const calc::Evaluation& evaluation,
                                  const calc::Settings& settings);

/// One row per atom: element, place, force.
[[nodiscard]] io::Table force_table(const atoms::Structure& structure, const calc::Evaluation& evaluation);

/// Where a computed number comes from, in a phrase: "gpaw, reduced settings 3f2a…".
[[nodiscard]] std::string origin(const calc::Settings& settings);

/// Results, table `trace`, figure and check of a relaxation.
void add_relaxation(const calc::Relaxed& relaxed, const calc::Settings& settings, double limit_eV_A, StepOutput& out);

/// Results, table `images`, record `barrier` when it came to rest, figure and checks of a band.
void add_band(const calc::Neb& neb, double limit_eV_A, StepOutput& out);

}  // namespace hotstage::study::detail
