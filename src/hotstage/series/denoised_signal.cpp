// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/denoise.hpp"

namespace hotstage::series {

namespace {

constexpr const char* tag = "hotstage_denoised";  // of spectra too

}  // namespace

void mark_denoised(signal::Signal& signal, const std::string& how) {
  Value note = Value::object();
  note["method"] = Value(how);
  note["warning"] = Value("to look at: no counting statistics, and changes are blurred in time");
  if (!signal.original.is_object()) {
    signal.original = Value::object();
  }
  // Of a file that HyperSpy wrote, only this member is written again.
  const Value* own = signal.original.find("original_metadata");
  const bool nested = own != nullptr && own->is_object() && signal.original.find("metadata") != nullptr;
  (nested ? signal.original["original_metadata"] : signal.original)[tag] = std::move(note);
}

signal::Signal denoised_signal(const signal::Signal& series, std::shared_ptr<const signal::Source> numbers) {
  signal::Signal out = series;
  out.source = std::move(numbers);
  out.intensity_scale = 1.0;
  out.intensity_offset = 0.0;
  out.metadata.title += out.metadata.title.empty() ? "denoised, not for measuring" : ", denoised, not for measuring";
  mark_denoised(out, "patches grouped in space and time, Anscombe transform");
  return out;
}

bool is_denoised(const signal::Signal& signal) {
  const Value* own = signal.original.find("original_metadata");
  return signal.original.find(tag) != nullptr || (own != nullptr && own->find(tag) != nullptr);
}

}  // namespace hotstage::series
