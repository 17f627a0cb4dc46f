// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/eels/denoise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace hotstage::eels {

namespace {

constexpr const char* tag = "hotstage_denoised";

/// Σ score·spectrum, multiplied when read: the cube itself is never held.
class LowRankSource final : public signal::Source {
 public:
  explicit LowRankSource(const DenoiseResult& result)
      : items_(result.items),
        channels_(result.axis.size),
        components_(result.number.used),
        scores_(result.scores.data(), result.scores.data() + items_ * components_),
        spectra_(result.spectra.data(), result.spectra.data() + components_ * channels_) {}

  [[nodiscard]] signal::DType dtype() const override { return signal::DType::f32; }

  [[nodiscard]] std::size_t items() const override { return items_; }

  [[nodiscard]] std::size_t channels() const override { return channels_; }

  void read(const signal::Region& region, std::span<std::byte> out) const override {
    std::vector<double> sum(region.channels);
    std::vector<float> row(region.channels);
    for (std::size_t i = 0; i < region.items; ++i) {
      std::ranges::fill(sum, 0.0);
      for (std::size_t k = 0; k < components_; ++k) {
        const double score = scores_[(region.first_item + i) * components_ + k];
        const double* spectrum = spectra_.data() + k * channels_ + region.first_channel;
        for (std::size_t c = 0; c < region.channels; ++c) {
          sum[c] += score * spectrum[c];
        }
      }
      std::ranges::transform(sum, row.begin(), [](double v) { return static_cast<float>(v); });
      std::memcpy(out.data() + i * region.channels * sizeof(float), row.data(), region.channels * sizeof(float));
    }
  }

 private:
  std::size_t items_;
  std::size_t channels_;
  std::size_t components_;
  std::vector<double> scores_;
  std::vector<double> spectra_;
};

}  // namespace

signal::Signal denoised_signal(const signal::Signal& signal, const DenoiseResult& result) {
  HOTSTAGE_EXPECTS(signal.items() == result.items && signal.channels() == result.axis.size);
  signal::Signal out = signal;
  out.source = std::make_shared<LowRankSource>(result);
  out.intensity_scale = 1.0;
  out.intensity_offset = 0.0;
  out.metadata.title +=
      fmt::format("{}PCA-denoised, {} components", signal.metadata.title.empty() ? "" : ", ", result.number.used);
  Value note = Value::object();
  note["method"] = Value("PCA of Poisson-weighted counts");
  note["components"] = Value(static_cast<std::int64_t>(result.number.used));
  note["noise_factor"] = Value(result.noise.variance);
  note["warning"] = Value("no counting statistics: sigma of later steps is not counting sigma");
  if (!out.original.is_object()) {
    out.original = Value::object();
  }
  // Of a file that HyperSpy wrote, only this member is written again.
  const Value* own = out.original.find("original_metadata");
  const bool nested = own != nullptr && own->is_object() && out.original.find("metadata") != nullptr;
  (nested ? out.original["original_metadata"] : out.original)[tag] = std::move(note);
  return out;
}

bool is_denoised(const signal::Signal& signal) {
  if (signal.original.find(tag) != nullptr) {
    return true;
  }
  const Value* own = signal.original.find("original_metadata");
  return own != nullptr && own->find(tag) != nullptr;
}

}  // namespace hotstage::eels
