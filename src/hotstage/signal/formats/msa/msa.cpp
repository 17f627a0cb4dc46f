// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/core/text.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/text.hpp"
#include "hotstage/signal/detail/stored_numbers.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

namespace hotstage::signal::msa {

namespace {

/// No spectrum has more channels; a longer list is another kind of file.
constexpr std::size_t most_numbers = std::size_t{1} << 24;
constexpr Angle degree{0.017453292519943295};

constexpr std::string_view blanks = " \t\r,";

struct Keyword {
  std::string name;  ///< upper case, without unit: "BEAMKV"
  std::string unit;  ///< of "#BEAMKV   -kV": "kV"
  std::string value;
  int line = 0;
};

struct Number {
  double value = 0.0;
  double rounding = 0.0;  ///< half a unit of the last digit printed
  int line = 0;
};

struct Contents {
  std::vector<Keyword> keywords;
  std::vector<Number> numbers;
  std::vector<std::size_t> per_line;  ///< how many numbers stand in each data line
  bool ended = false;

  [[nodiscard]] const Keyword* find(std::string_view name) const {
    const auto at = std::ranges::find(keywords, name, &Keyword::name);
    return at == keywords.end() || at->value.empty() ? nullptr : &*at;
  }

  [[nodiscard]] std::string text(std::string_view name) const {
    const Keyword* keyword = find(name);
    return keyword == nullptr ? std::string() : keyword->value;
  }

  [[nodiscard]] std::optional<double> number(std::string_view name) const {
    const Keyword* keyword = find(name);
    if (keyword == nullptr) {
      return std::nullopt;
    }
    const auto value = io::parse_number(keyword->value);
    if (!value || !std::isfinite(*value)) {
      throw Error(Errc::bad_input, Location{.line = keyword->line},
                  fmt::format("#{} should be a number, found \"{}\"", name, keyword->value));
    }
    return value;
  }
};

double rounding_of(std::string_view digits) {
  constexpr double most_decimals = 300.0;  // what a double can tell from zero
  double decimals = 0.0;
  const std::size_t point = digits.find('.');
  const std::size_t exponent = digits.find_first_of("eE");
  if (point != std::string_view::npos) {
    decimals = static_cast<double>(std::min(exponent, digits.size()) - point) - 1.0;
  }
  if (exponent != std::string_view::npos) {
    decimals -= io::parse_number(digits.substr(exponent + 1)).value_or(0.0);
  }
  return 0.5 * std::pow(10.0, -std::clamp(decimals, -most_decimals, most_decimals));
}

Keyword parse_keyword(std::string_view line, int number) {
  Keyword out;
  out.line = number;
  const std::size_t colon = std::min(line.find(':'), line.size());
  std::string_view key = trim(line.substr(0, colon), blanks);
  out.value = trim(line.substr(std::min(colon + 1, line.size())), blanks);
  const std::size_t dash = key.find('-');
  if (!key.starts_with('#') && dash != std::string_view::npos) {
    out.unit = trim(key.substr(dash + 1), blanks);
    key = trim(key.substr(0, dash), blanks);
  }
  out.name = key;
  std::ranges::transform(out.name, out.name.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

void parse_numbers(std::string_view line, int number, Contents& out) {
  std::size_t count = 0;
  for (line = trim(line, blanks); !line.empty(); line = trim(line, blanks)) {
    const auto end = std::min(line.find_first_of(blanks), line.size());
    const std::string_view cell = line.substr(0, end);
    const auto value = io::parse_number(cell);
    if (!value || !std::isfinite(*value)) {
      throw Error(Errc::bad_input, Location{.line = number}, fmt::format("\"{}\" is not a number", cell.substr(0, 40)));
    }
    out.numbers.push_back({*value, rounding_of(cell), number});
    line.remove_prefix(end);
    ++count;
  }
  if (out.numbers.size() > most_numbers) {
    throw Error(Errc::bad_input, Location{.line = number}, "too many numbers for one spectrum");
  }
  if (count > 0) {
    out.per_line.push_back(count);
  }
}

Contents parse(std::string_view text) {
  Contents out;
  bool in_data = false;
  int number = 0;
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);
  }
  while (!text.empty() && !out.ended) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end), blanks);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.starts_with('#')) {
      Keyword keyword = parse_keyword(line.substr(1), number);
      in_data = in_data || keyword.name == "SPECTRUM";
      out.ended = keyword.name == "ENDOFDATA";
      out.keywords.push_back(std::move(keyword));
    } else if (in_data) {
      parse_numbers(line, number, out);
    }
  }
  if (!in_data) {
    throw Error(Errc::bad_input, Location{.line = number}, "the line #SPECTRUM is missing: the file holds no data");
  }
  return out;
}

bool is_angle_in_mrad(const Keyword& keyword) {
  return keyword.unit.empty() || keyword.unit == "mR" || keyword.unit == "mrad";
}

Metadata read_metadata(const Contents& contents, Run& run) {
  Metadata out;
  out.title = contents.text("TITLE");
  const std::string date = contents.text("DATE");
  const std::string time = contents.text("TIME");
  out.acquired = date.empty() || time.empty() ? date + time : date + " " + time;
  const std::string type = contents.text("SIGNALTYPE");
  out.signal_type = type == "ELS" || type == "EELS" ? "EELS" : type;
  out.detector = contents.text(out.signal_type == "EDS" ? "EDSDET" : "ELSDET");
  // A zero is a field nobody filled in.
  const auto positive = [&](std::string_view name) -> std::optional<double> {
    const auto value = contents.number(name);
    return value && *value > 0.0 ? value : std::nullopt;
  };
  if (const auto kV = positive("BEAMKV")) {
    out.beam_energy = *kV * units::keV;
  }
  for (const auto& [name, angle] :
       {std::pair{"CONVANGLE", &out.convergence}, std::pair{"COLLANGLE", &out.collection}}) {
    const auto value = positive(name);
    if (value && is_angle_in_mrad(*contents.find(name))) {
      *angle = *value * units::mrad;
    } else if (value) {
      run.warn("msa.angle_unit", fmt::format("#{} has the unit \"{}\": ignored", name, contents.find(name)->unit));
    }
  }
  if (const auto ms = positive("INTEGTIME")) {
    out.exposure = *ms * units::ms;
  } else if (const auto dwell_ms = positive("DWELLTIME")) {
    out.exposure = *dwell_ms * units::ms;
  } else if (const auto live_s = positive("LIVETIME")) {
    out.exposure = *live_s * units::s;
  }
  out.magnification = positive("MAGCAM");
  if (const auto live_s = positive("LIVETIME")) {
    out.live_time = *live_s * units::s;
  }
  if (const auto deg = positive("ELEVANGLE")) {
    out.elevation = *deg * degree;
  }
  // The standard has no keyword for the resolution; names of one's own start with a second '#'.
  if (const auto eV = positive("#FWHMMNKA")) {
    out.resolution = *eV * units::eV;
  }
  return out;
}

/// "Energy Loss (eV)" → name and unit; "eV" → unit.
void name_axis(Axis& axis, const Contents& contents) {
  axis.name = contents.text("XLABEL");
  axis.unit = contents.text("XUNITS");
  const std::size_t opening = axis.unit.rfind('(');
  if (opening != std::string::npos && axis.unit.ends_with(')')) {
    if (axis.name.empty()) {
      axis.name = trim(std::string_view(axis.unit).substr(0, opening), blanks);
    }
    axis.unit = trim(std::string_view(axis.unit).substr(opening + 1, axis.unit.size() - opening - 2), blanks);
  }
}

struct Spectrum {
  std::vector<double> counts;
  Axis axis;
};

Axis header_axis(const Contents& contents, std::size_t size) {
  Axis axis;
  axis.size = size;
  axis.scale = contents.number("XPERCHAN").value_or(1.0);
  // CHOFFSET is the channel that sits at zero; OFFSET, the value of the first channel, says the same directly.
  axis.offset = contents.number("OFFSET").value_or(-contents.number("CHOFFSET").value_or(0.0) * axis.scale);
  return axis;
}

/// True when OFFSET and XPERCHAN agree with the listed values everywhere to a hundredth of a channel or to their last
/// digit.
bool header_agrees(const Axis& header, const Contents& contents, std::size_t stride) {
  constexpr double hundredth_of_a_channel = 0.01;
  for (std::size_t i = 0; i < header.size; ++i) {
    const Number& x = contents.numbers[stride * i];
    const double allowed = std::max(hundredth_of_a_channel * std::abs(header.scale), x.rounding);
    if (!(std::abs(x.value - header.value(static_cast<double>(i))) <= allowed)) {
      return false;
    }
  }
  return header.scale != 0.0;
}

Spectrum read_pairs(const Contents& contents) {
  if (contents.numbers.size() % 2 != 0) {
    throw Error(Errc::bad_input, Location{.line = contents.numbers.back().line},
                fmt::format("DATATYPE XY needs pairs, but {} numbers follow #SPECTRUM", contents.numbers.size()));
  }
  Spectrum out;
  std::vector<double> values;
  double rounding = 0.0;
  for (std::size_t i = 0; i < contents.numbers.size(); i += 2) {
    values.push_back(contents.numbers[i].value);
    rounding = std::max(rounding, contents.numbers[i].rounding);
    out.counts.push_back(contents.numbers[i + 1].value);
  }
  out.axis = header_axis(contents, values.size());
  if (!header_agrees(out.axis, contents, 2)) {
    const double step =
        values.size() > 1 ? std::abs(values.back() - values.front()) / static_cast<double>(values.size() - 1) : 0.0;
    // Rounding coarser than a tenth of a step hides where the channels are.
    out.axis = detail::axis_through(values, std::min(rounding, 0.1 * step));
  }
  return out;
}

/// Some writers say DATATYPE Y and list pairs all the same.
bool looks_like_pairs(const Contents& contents) {
  const double columns = contents.number("NCOLUMNS").value_or(1.0);
  if (columns > 1.0 || !std::ranges::all_of(contents.per_line, [](std::size_t n) { return n == 2; })) {
    return false;
  }
  return header_agrees(header_axis(contents, contents.numbers.size() / 2), contents, 2);
}

Spectrum read_spectrum(const Contents& contents, Run& run) {
  if (contents.numbers.empty()) {
    throw Error(Errc::bad_input, "no numbers follow #SPECTRUM: the spectrum is empty", "Export it again");
  }
  const bool says_pairs = contents.text("DATATYPE").starts_with("XY");
  if (!says_pairs && looks_like_pairs(contents)) {
    run.warn("msa.pairs", "the header says DATATYPE Y but the lines hold pairs (energy, counts): read as pairs");
    return read_pairs(contents);
  }
  if (says_pairs) {
    return read_pairs(contents);
  }
  Spectrum out;
  for (const Number& number : contents.numbers) {
    out.counts.push_back(number.value);
  }
  out.axis = header_axis(contents, out.counts.size());
  return out;
}

void check_count(const Contents& contents, std::size_t found, Run& run) {
  const auto expected = contents.number("NPOINTS");
  if (!expected) {
    run.warn("msa.npoints", "the header has no NPOINTS: all numbers up to the end are taken");
    return;
  }
  if (*expected == static_cast<double>(found)) {
    return;
  }
  if (!contents.ended && static_cast<double>(found) < *expected) {
    throw Error(
        Errc::bad_input,
        fmt::format("the file is cut off: {} of {:.0f} channels are there and #ENDOFDATA is missing", found, *expected),
        "Copy or export it again");
  }
  run.warn("msa.npoints",
           fmt::format("the header says NPOINTS {:.0f}, the file holds {} channels: all are taken", *expected, found));
}

Value keep_keywords(const Contents& contents) {
  Value out = Value::object();
  for (const Keyword& keyword : contents.keywords) {
    if (keyword.name == "SPECTRUM" || keyword.name == "ENDOFDATA") {
      continue;
    }
    const std::string key = keyword.unit.empty() ? keyword.name : fmt::format("{} ({})", keyword.name, keyword.unit);
    const Value* before = out.find(key);
    Value text(before == nullptr ? keyword.value : before->as_text() + "\n" + keyword.value);
    text.where.line = keyword.line;
    out[key] = std::move(text);
  }
  return out;
}

Match sniff(std::span<const std::byte> head) {
  std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  text.remove_prefix(std::min(text.find('#'), text.size()));
  const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size()));
  if (line.starts_with("#FORMAT") && line.find("EMSA") != std::string_view::npos) {
    return Match::yes;
  }
  return text.find("#SPECTRUM") != std::string_view::npos ? Match::yes : Match::no;
}

std::vector<Signal> read(const std::filesystem::path& file, Run& run) {
  const Contents contents = parse(io::to_utf8(io::read_text(file)));
  Spectrum spectrum = read_spectrum(contents, run);
  check_count(contents, spectrum.counts.size(), run);
  name_axis(spectrum.axis, contents);
  Signal signal;
  signal.metadata = read_metadata(contents, run);
  signal.original = keep_keywords(contents);
  signal.intensity_unit = contents.text("YUNITS");
  std::vector<std::byte> bytes(spectrum.counts.size() * sizeof(double));
  std::memcpy(bytes.data(), spectrum.counts.data(), bytes.size());
  signal.source = memory_source(DType::f64, 1, spectrum.counts.size(), std::move(bytes));
  signal.axes.push_back(std::move(spectrum.axis));
  return {std::move(signal)};
}

std::string one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace(out, '\n', ' ');
  std::ranges::replace(out, '\r', ' ');
  return std::string(trim(out, blanks));
}

std::string header(const Signal& signal) {
  const Axis& axis = signal.axes.front();
  const Metadata& metadata = signal.metadata;
  std::string out;
  const auto line = [&](std::string_view key, std::string_view value) {
    out += fmt::format("#{:<12}: {}\r\n", key, one_line(value));
  };
  const auto number = [&](std::string_view key, std::optional<double> value) {
    if (value) {
      line(key, io::shortest(*value));
    }
  };
  line("FORMAT", "EMSA/MAS Spectral Data File");
  line("VERSION", "1.0");
  line("TITLE", metadata.title);
  // The whole text stands in DATE: how it splits into day and hour is the instrument's habit.
  line("DATE", metadata.acquired);
  line("TIME", "");
  line("OWNER", "");
  line("NPOINTS", fmt::format("{}", axis.size));
  line("NCOLUMNS", "1");
  line("XUNITS", axis.unit);
  line("YUNITS", signal.intensity_unit);
  line("DATATYPE", axis.is_uniform() ? "Y" : "XY");
  line("XPERCHAN", io::shortest(axis.scale));
  line("OFFSET", io::shortest(axis.is_uniform() ? axis.offset : axis.points.front()));
  line("XLABEL", axis.name);
  line("SIGNALTYPE", metadata.signal_type == "EELS" ? "ELS" : metadata.signal_type);
  if (!metadata.detector.empty()) {
    line(metadata.signal_type == "EDS" ? "EDSDET" : "ELSDET", metadata.detector);
  }
  // From base units by one exact power of ten each, so that the numbers come back unchanged.
  number("BEAMKV   -kV", metadata.beam_energy ? std::optional(metadata.beam_energy->in(units::keV)) : std::nullopt);
  number("CONVANGLE-mR", metadata.convergence ? std::optional(metadata.convergence->in(units::mrad)) : std::nullopt);
  number("COLLANGLE-mR", metadata.collection ? std::optional(metadata.collection->in(units::mrad)) : std::nullopt);
  number("INTEGTIME-ms", metadata.exposure ? std::optional(metadata.exposure->in(units::ms)) : std::nullopt);
  number("MAGCAM", metadata.magnification);
  number("LIVETIME-s", metadata.live_time ? std::optional(metadata.live_time->in(units::s)) : std::nullopt);
  number("ELEVANGLE-dg", metadata.elevation ? std::optional(metadata.elevation->in(degree)) : std::nullopt);
  number("#FWHMMNKA", metadata.resolution ? std::optional(metadata.resolution->in(units::eV)) : std::nullopt);
  line("SPECTRUM", "Spectral Data Starts Here");
  return out;
}

void write(std::span<const Signal> signals, const std::filesystem::path& file, Run&) {
  const Signal& signal = signals.front();
  if (signals.size() != 1 || signal.items() != 1) {
    detail::refuse(signal, "MSA", "more than one spectrum", "Write .hspy or .dm4, or one file per spectrum");
  }
  if (signal.axes.size() != 1 || signal.axes.front().size == 0) {
    detail::refuse(signal, "MSA", fmt::format("data of the shape {}", signal.shape_text()), "It holds one spectrum");
  }
  if (signal.item_offset) {
    detail::refuse(signal, "MSA", "a separate energy offset", "Apply it to the axis first");
  }
  const DType type = signal.source->dtype();
  if (type == DType::c64 || type == DType::c128 || type == DType::rgba8) {
    detail::refuse(signal, "MSA", fmt::format("{} numbers", name(type)), "Write .hspy");
  }
  Buffer<double, 2> counts({1, signal.channels()});
  signal::read(signal, {0, 1, 0, signal.channels()}, counts.view());
  std::string text = header(signal);
  const Axis& axis = signal.axes.front();
  for (std::size_t i = 0; i < axis.size; ++i) {
    const double count = counts.row(0)[i];
    if (!std::isfinite(count)) {
      detail::refuse(signal, "MSA", fmt::format("the value {} in channel {}", count, i), "Mask it first");
    }
    text += axis.is_uniform() ? fmt::format("{}\r\n", io::shortest(count))
                              : fmt::format("{}, {}\r\n", io::shortest(axis.points[i]), io::shortest(count));
  }
  text += "#ENDOFDATA   : End Of Data and File\r\n";
  io::write_text(file, text);
}

}  // namespace

extern const Format format;
const Format format{.id = "msa",
                    .title = "MSA/EMSA spectrum (ISO 22029)",
                    .extensions = {"msa", "emsa", "ems"},
                    .sniff = sniff,
                    .read = read,
                    .write = write};

}  // namespace hotstage::signal::msa
