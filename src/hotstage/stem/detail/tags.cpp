// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/detail/tags.hpp"

namespace hotstage::stem::detail {

Value instrument_tags(const ImagingOptions& options) {
  Value tags = Value::object();
  Value& scan = tags["DigiScan"] = Value::object();
  scan["Sample Time"] = options.dwell.in(units::us);
  scan["Flyback"] = options.flyback.in(units::us);
  scan["Image Width"] = options.pixels;
  scan["Image Height"] = options.pixels;
  scan["Rotation"] = 0.0;
  Value& microscope = tags["Microscope Info"] = Value::object();
  microscope["Illumination Mode"] = "STEM";
  microscope["Operation Mode"] = "SCANNING";
  constexpr double pA_per_nA = 1e3;
  microscope["Probe Current (nA)"] = options.current.in(imaging_units::pA) / pA_per_nA;
  Value& ring = tags["HAADF"] = Value::object();
  ring["Inner angle (mrad)"] = options.inner_angle.in(units::mrad);
  ring["Outer angle (mrad)"] = options.outer_angle.in(units::mrad);
  Value& bar = tags["DataBar"] = Value::object();
  bar["Acquisition Date"] = options.date;
  bar["Acquisition Time"] = options.time_of_day;
  bar["Device Name"] = "HAADF";
  Value all = Value::object();
  all["ImageTags"] = tags;
  return all;
}

}  // namespace hotstage::stem::detail
