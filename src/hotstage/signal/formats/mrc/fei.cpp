// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/mrc/fei.hpp"

#include "hotstage/io/text.hpp"

#include <array>
#include <cmath>

namespace hotstage::signal::mrc {

namespace {

constexpr std::size_t fei1_bytes = 768;
constexpr std::size_t fei2_bytes = 888;

enum class Kind { f64, i32, i64, text, flag };

struct Field {
  std::size_t at;
  Kind kind;
  std::string_view name;
};

/// Bitmasks and reserved numbers left out. Units: V, m, rad or degree as the microscope's software has them, s.
constexpr std::array fields{Field{12, Kind::f64, "Timestamp"},
                            Field{20, Kind::text, "Microscope type"},
                            Field{36, Kind::text, "D-Number"},
                            Field{52, Kind::text, "Application"},
                            Field{68, Kind::text, "Application version"},
                            Field{84, Kind::f64, "HT"},
                            Field{92, Kind::f64, "Dose"},
                            Field{100, Kind::f64, "Alpha tilt"},
                            Field{108, Kind::f64, "Beta tilt"},
                            Field{116, Kind::f64, "X-Stage"},
                            Field{124, Kind::f64, "Y-Stage"},
                            Field{132, Kind::f64, "Z-Stage"},
                            Field{156, Kind::f64, "Pixel size X"},
                            Field{164, Kind::f64, "Pixel size Y"},
                            Field{220, Kind::f64, "Defocus"},
                            Field{228, Kind::f64, "STEM Defocus"},
                            Field{236, Kind::f64, "Applied defocus"},
                            Field{244, Kind::i32, "Instrument mode"},
                            Field{248, Kind::i32, "Projection mode"},
                            Field{252, Kind::text, "Objective lens mode"},
                            Field{284, Kind::i32, "Probe mode"},
                            Field{289, Kind::f64, "Magnification"},
                            Field{301, Kind::f64, "Camera length"},
                            Field{309, Kind::i32, "Spot index"},
                            Field{329, Kind::f64, "Convergence angle"},
                            Field{337, Kind::text, "Illumination mode"},
                            Field{354, Kind::flag, "Slit inserted"},
                            Field{355, Kind::f64, "Slit width"},
                            Field{419, Kind::f64, "Integration time"},
                            Field{427, Kind::i32, "Binning Width"},
                            Field{431, Kind::i32, "Binning Height"},
                            Field{435, Kind::text, "Camera name"},
                            Field{519, Kind::text, "STEM Detector name"},
                            Field{535, Kind::f64, "Gain"},
                            Field{543, Kind::f64, "Offset"},
                            Field{571, Kind::f64, "Dwell time"},
                            Field{579, Kind::f64, "Frame time"},
                            Field{587, Kind::i32, "Scan size left"},
                            Field{591, Kind::i32, "Scan size top"},
                            Field{595, Kind::i32, "Scan size right"},
                            Field{599, Kind::i32, "Scan size bottom"},
                            Field{603, Kind::f64, "Full scan FOV X"},
                            Field{611, Kind::f64, "Full scan FOV Y"},
                            Field{619, Kind::text, "Element"},
                            Field{768, Kind::f64, "Scan rotation"},
                            Field{784, Kind::f64, "Image rotation"},
                            Field{796, Kind::i64, "Acquisition time stamp"},
                            Field{804, Kind::text, "Detector commercial name"},
                            Field{872, Kind::text, "Objective aperture name"}};

std::size_t width(Kind kind) {
  switch (kind) {
    case Kind::text:
      return 16;
    case Kind::i32:
      return 4;
    case Kind::flag:
      return 1;
    default:
      return 8;
  }
}

}  // namespace

std::size_t record_bytes(std::string_view kind) {
  return kind == "FEI1" ? fei1_bytes : kind == "FEI2" ? fei2_bytes : 0;
}

Value read_record(std::span<const std::byte> record, io::ByteOrder order) {
  Value out = Value::object();
  io::ByteReader in(record, {}, order);
  for (const Field& field : fields) {
    if (field.at + width(field.kind) > record.size()) {
      continue;
    }
    in.seek(field.at);
    if (field.kind == Kind::text) {
      const std::string text = in.text(width(field.kind));
      if (text.front() != '\0') {
        out[field.name] = Value(io::to_utf8(text.substr(0, text.find('\0'))));
      }
    } else if (field.kind == Kind::f64) {
      if (const double value = in.f64(); std::isfinite(value)) {
        out[field.name] = Value(value);
      }
    } else if (field.kind == Kind::i32) {
      out[field.name] = Value(static_cast<std::int64_t>(in.i32()));
    } else if (field.kind == Kind::i64) {
      out[field.name] = Value(in.i64());
    } else {
      out[field.name] = Value(in.u8() != 0);
    }
  }
  return out;
}

std::optional<double> recorded_s(const Value& record) {
  constexpr double latest_s = 253402300799.0;  // the end of the year 9999
  const double stamp = record.number_at("Acquisition time stamp").value_or(0.0) * 1e-6;
  if (stamp > 0.0 && stamp < latest_s) {
    return stamp;
  }
  constexpr double day_s = 86400.0;
  constexpr double unix_epoch_days = 25569.0;  // 1970-01-01 counted from 1899-12-30
  const double seconds = (record.number_at("Timestamp").value_or(0.0) - unix_epoch_days) * day_s;
  return seconds > 0.0 && seconds < latest_s ? std::optional(seconds) : std::nullopt;
}

}  // namespace hotstage::signal::mrc
