// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/detail/band_files.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::calc::detail {

namespace {

constexpr std::string_view schema_name = "hotstage.band_image/1";

Value vectors(const std::vector<atoms::Vector>& rows) {
  Value out = Value::array();
  for (const atoms::Vector& row : rows) {
    Value one = Value::array();
    for (const double x : row) {
      one.push_back(x);
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<atoms::Vector> vectors_from(const Value& node, std::size_t count) {
  const Value::Array& rows = node.as_array();
  if (rows.size() != count) {
    throw Error(Errc::bad_input, node.where, fmt::format("{} rows where {} atoms are expected", rows.size(), count));
  }
  std::vector<atoms::Vector> out;
  for (const Value& row : rows) {
    const Value::Array& numbers = row.as_array();
    if (numbers.size() != 3) {
      throw Error(Errc::bad_input, row.where, "three numbers are expected");
    }
    out.push_back({numbers[0].as_number(), numbers[1].as_number(), numbers[2].as_number()});
    if (!std::isfinite(out.back()[0] + out.back()[1] + out.back()[2])) {
      throw Error(Errc::bad_input, row.where, "not a finite number");
    }
  }
  return out;
}

}  // namespace

std::filesystem::path image_file(const std::filesystem::path& folder, std::size_t image) {
  return folder / fmt::format("image_{:02}.json", image);
}

void write_image(const std::filesystem::path& file, const BandImage& image, const Settings& settings) {
  Value out = Value::object();
  out["schema"] = schema_name;
  out["settings_sha256"] = settings_hash(settings);
  out["settings"] = to_value(settings);
  Value symbols = Value::array();
  for (const atoms::Element& e : image.structure.elements) {
    symbols.push_back(e.symbol);
  }
  out["elements"] = std::move(symbols);
  out["positions_A"] = vectors(image.structure.positions_A);
  out["energy_eV"] = image.evaluation.energy_eV;
  out["forces_eV_A"] = vectors(image.evaluation.forces_eV_A);
  out["calls"] = image.calls;
  io::write_text(file, io::to_json(out, io::JsonStyle::compact) + "\n");
}

std::optional<BandImage> read_image(const std::filesystem::path& file, const atoms::Structure& expected,
                                    const Settings& settings) {
  if (!std::filesystem::exists(file)) {
    return std::nullopt;
  }
  const Value record = io::read_document(file);
  if (record.at("schema").as_text() != schema_name) {
    throw Error(Errc::bad_input, record.at("schema").where, fmt::format("not a {} record", schema_name));
  }
  if (record.at("settings_sha256").as_text() != settings_hash(settings)) {
    throw Error(Errc::refused, record.at("settings_sha256").where,
                "this image was computed with other settings than those asked for",
                "give another folder, or the old settings");
  }
  const Value::Array& symbols = record.at("elements").as_array();
  bool same = symbols.size() == expected.size();
  for (std::size_t i = 0; same && i < symbols.size(); ++i) {
    same = symbols[i].as_text() == expected.elements[i].symbol;
  }
  if (!same) {
    throw Error(Errc::bad_input, record.at("elements").where, "this image holds other atoms than the path",
                "give another folder");
  }
  BandImage out;
  out.structure = expected;
  out.structure.positions_A = vectors_from(record.at("positions_A"), expected.size());
  out.evaluation.energy_eV = record.at("energy_eV").as_number();
  out.evaluation.forces_eV_A = vectors_from(record.at("forces_eV_A"), expected.size());
  out.calls = static_cast<std::size_t>(std::max<std::int64_t>(0, record.at("calls").as_integer()));
  return out;
}

}  // namespace hotstage::calc::detail
