// SPDX-License-Identifier: GPL-3.0-or-later
// A dual spectrum image of any size through the whole chain: a mapped tile repeated, so that only the program's own
// memory grows with the size.
#include "hotstage/core/error.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/eels/quantify.hpp"
#include "hotstage/signal/signal.hpp"

#include "cases.hpp"
#include "npy_file.hpp"
#include <cstring>
#include <memory>
#include <numeric>
#include <utility>

namespace hotstage::bench {

namespace {

/// Items of a mapped cube over and over.
class Repeated final : public signal::Source {
 public:
  Repeated(NpyCube cube, std::size_t items) : cube_(std::move(cube)), items_(items) {}

  [[nodiscard]] signal::DType dtype() const override { return signal::DType::f32; }

  [[nodiscard]] std::size_t items() const override { return items_; }

  [[nodiscard]] std::size_t channels() const override { return cube_.view().extent(1); }

  void read(const signal::Region& region, std::span<std::byte> out) const override {
    const std::size_t bytes = region.channels * sizeof(float);
    for (std::size_t k = 0; k < region.items; ++k) {
      const auto row = cube_.view().row((region.first_item + k) % cube_.view().extent(0));
      std::memcpy(out.data() + k * bytes, row.data() + region.first_channel, bytes);
    }
  }

 private:
  NpyCube cube_;
  std::size_t items_;
};

signal::Signal repeated_signal(const std::string& file, std::size_t items, double offset_eV, const Job& job) {
  signal::Signal out;
  auto source = std::make_shared<Repeated>(NpyCube(file), items);
  out.navigation = {{.name = "y", .size = items, .unit = "nm"}};
  out.axes = {
      {.name = "energy loss", .size = source->channels(), .offset = offset_eV, .scale = job.step_eV, .unit = "eV"}};
  out.source = std::move(source);
  out.file = file;
  return out;
}

}  // namespace

/// Zero-loss peaks → energy offsets → background → Fourier-ratio → O K and Co L3 intensities and their ratio per pixel.
Report run_pass(const Job& job) {
  Run run;
  run.memory = job.memory;
  run.threads = job.threads;
  const std::size_t items = job.items == 0 ? std::size_t{1} << 14 : job.items;
  const signal::Signal core = repeated_signal(job.core, items, job.core_offset_eV, job);
  const signal::Signal low = repeated_signal(job.low, items, job.low_offset_eV, job);
  eels::QuantifyOptions options;
  options.edges = {"Co L3", "O K"};
  options.chain.beam_energy = 200.0 * units::keV;
  options.chain.convergence = 20.0 * units::mrad;
  options.chain.collection = 40.0 * units::mrad;
  double ratio = 0.0;
  double used = 0.0;
  const Timing timing = repeated(1, [&] {
    const eels::QuantifyResult result = eels::quantify({.core = core, .low = &low}, options, run);
    ratio = result.ratios.at(0).mean.value;
    used = static_cast<double>(result.used);
  });
  Report report;
  report.text("case", "pass");
  report.number("spectra", static_cast<double>(items));
  report.number("threads", job.threads);
  report.number("bytes", static_cast<double>(items * (core.channels() + low.channels()) * sizeof(float)));
  report.timing("", timing);
  report.number("used", used);
  report.number("ratio", ratio);
  report.number("working_bytes", anonymous_now());
  report.number("peak_rss", peak_resident());
  return report;
}

}  // namespace hotstage::bench
