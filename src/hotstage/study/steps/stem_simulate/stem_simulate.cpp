// SPDX-License-Identifier: GPL-3.0-or-later
// Step stem.simulate: HAADF frames of a simulated specimen while it is heated, written as a microscope would.

#include "hotstage/kinetics/programme.hpp"
#include "hotstage/stem/frames.hpp"
#include "hotstage/study/detail/stem_pages.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::study::stem_simulate {

namespace {

enum class FileFormat { dm4, tif };

constexpr auto enum_names(FileFormat) {
  return std::array<EnumName<FileFormat>, 2>{EnumName<FileFormat>{FileFormat::dm4, "dm4"},
                                             EnumName<FileFormat>{FileFormat::tif, "tif"}};
}

struct Options {
  stem::ImagingOptions imaging;
  Temperature from = Temperature::celsius(25.0);
  Temperature to = Temperature::celsius(650.0);
  Time after{};
  std::vector<std::string> channelling_materials{"LiCoO2"};
  FileFormat format = FileFormat::dm4;

  template <class V>
  void fields(V& v) {
    imaging.fields(v);
    v("first_at", from, {.help = "set point at the first frame", .unit = "degC"});
    v("last_at", to, {.help = "set point at the end of the last frame", .unit = "degC"});
    v("after", after, {.help = "how long frames go on behind that", .unit = "s", .min = 0.0});
    v("channelling_materials", channelling_materials, {.help = "materials whose grains are single crystals"});
    v("format", format, {.help = "file type of the frames"});
  }
};

double time_at(const kinetics::Programme& programme, Temperature temperature) {
  const std::optional<Time> time = programme.first_time_at(temperature);
  if (!time) {
    throw Error(Errc::bad_input, fmt::format("the programme never reaches {:.0f} degC", temperature.in_degC()),
                "Choose from and to inside the heating programme");
  }
  return time->in(units::s);
}

/// True temperature of the specimen: the heater follows its programme on its own clock, the lamella stands off from it.
std::function<Temperature(double)> specimen_temperature(const kinetics::Programme& programme, const Value& heating) {
  const double clock_s = heating.at("clock_offset_s").as_number();
  const double lamella_K = heating.at("lamella_offset_K").as_number();
  return [programme, clock_s, lamella_K](double time_s) {
    return programme.at((time_s + clock_s) * units::s) + lamella_K * units::K;
  };
}

Value truth_of(const stem::FrameSeries& series, const Value& heating) {
  Value out = stem::to_value(series);
  out["clock_offset_s"] = heating.at("clock_offset_s");
  out["lamella_offset_K"] = heating.at("lamella_offset_K");
  return out;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const Value& heating = inputs.records.at("heating");
  const auto programme = kinetics::Programme::from_value(heating.at("programme"));
  stem::Scene scene = stem::read_scene(inputs.signal("state"), inputs.signal("labels"), inputs.records.at("scene"),
                                       options.channelling_materials);
  scene.temperature = specimen_temperature(programme, heating);
  // The operator starts and stops by the set point, not before the ramp, where the microscope's clock starts.
  const stem::TimeWindow window{std::max(0.0, time_at(programme, options.from)),
                                time_at(programme, options.to) + options.after.in(units::s)};
  const stem::FrameSeries series = stem::simulate_frames(scene, window, options.imaging, run);
  StepOutput out;
  out.raw["frames"] = {series.frames};
  out.raw_format["frames"] = options.format == FileFormat::dm4 ? "dm4" : "tif";
  out.records["truth"] = truth_of(series, heating);
  detail::add_frames(series, scene, out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "stem.simulate",
    .version = 1,
    .title = "Simulated HAADF series",
    .help =
        "Frames of a simulated specimen on a heating chip: mass thickness times tabulated cross-sections, channelling, "
        "bend contours, surface layer, drift, row times, defocus, counting noise and a drawn detector",
    .example = "hotstage run studies/wang2023/study.toml",
    .inputs = {{"state", Kind::truth, true, "thickness of every material at saved times"},
               {"labels", Kind::truth, true, "grain number of every pixel"},
               {"scene", Kind::truth, true, "names and compositions of the materials"},
               {"heating", Kind::truth, true, "programme, clock offset and lamella offset"}},
    .outputs = {{"frames", Kind::raw, "frame series (.dm4 or .tif)"},
                {"truth", Kind::truth, "drift, temperature, focus and mean electrons of every frame; what was drawn"}},
    .role = Role::generator,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::stem_simulate
