// SPDX-License-Identifier: GPL-3.0-or-later
// Step calc.neb: the lowest pass between two structures by a climbing-image nudged elastic band.

#include "hotstage/atoms/format.hpp"
#include "hotstage/atoms/path.hpp"
#include "hotstage/study/detail/calc_pages.hpp"

#include <fmt/format.h>

namespace hotstage::study::calc_neb {

namespace {

enum class Start { straight, idpp };

constexpr auto enum_names(Start) {
  return std::array<EnumName<Start>, 2>{EnumName<Start>{Start::straight, "straight"},
                                        EnumName<Start>{Start::idpp, "idpp"}};
}

enum class Ends { relax, keep };

constexpr auto enum_names(Ends) {
  return std::array<EnumName<Ends>, 2>{EnumName<Ends>{Ends::relax, "relax"}, EnumName<Ends>{Ends::keep, "keep"}};
}

struct Options {
  detail::EngineOptions engine;
  calc::NebOptions neb;
  std::size_t images = 5;
  Start path = Start::idpp;
  Ends ends = Ends::relax;

  template <class V>
  void fields(V& v) {
    engine.fields(v);
    neb.fields(v);
    v("images", images, {.help = "images between the ends", .min = 1, .max = 99});
    v("path", path, {.help = "first guess of the path"});
    v("ends", ends, {.help = "relax both ends to the band's force limit first, or keep them as given"});
  }
};

atoms::Structure end(const atoms::Structure& given, const Options& options, const std::filesystem::path& folder,
                     Run& run) {
  if (options.ends == Ends::keep) {
    return given;
  }
  const auto calculator = calc::make_calculator(options.engine.engine, options.engine.dft, given, folder);
  const calc::Relaxed relaxed = calc::relax(given, *calculator, {.force_eV_A = options.neb.force_eV_A}, run);
  if (!relaxed.converged) {
    run.warn("end not at rest", fmt::format("the end in {} did not come to rest", folder.string()));
  }
  return relaxed.structure;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const detail::WorkFolder folder(options.engine.folder);
  const atoms::Structure from =
      end(atoms::load_structure(inputs.files.at("initial")), options, folder.path() / "from", run);
  const atoms::Structure to = end(atoms::load_structure(inputs.files.at("final")), options, folder.path() / "to", run);
  calc::NebInput input;
  const atoms::PathOptions path{.images = options.images, .stops = {}, .order = atoms::Order::as_given};
  input.images =
      options.path == Start::idpp ? atoms::idpp_path(from, to, path).images : atoms::linear_path(from, to, path);
  input.folder = folder.path() / "band";
  input.calculator = [&](std::size_t image) {
    return calc::make_calculator(options.engine.engine, options.engine.dft, from,
                                 folder.path() / fmt::format("image_{:02}", image));
  };
  const calc::Neb neb = calc::find_path(input, options.neb, run);
  StepOutput out;
  detail::add_band(neb, options.neb.force_eV_A, out);
  std::vector<atoms::Frame> frames;
  for (const calc::BandImage& image : neb.images) {
    frames.push_back({.structure = image.structure,
                      .energy_eV = image.evaluation.energy_eV,
                      .forces_eV_per_A = image.evaluation.forces_eV_A,
                      .columns = {},
                      .notes = {}});
  }
  out.raw_text["band"] = {"extxyz", atoms::format_named("extxyz").write(frames)};
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "calc.neb",
    .version = 2,
    .title = "Barrier of a hop",
    .help =
        "Climbing-image nudged elastic band between two structures with their atoms in the same order; with `folder` a "
        "stopped search goes on where it was",
    .example = "hotstage calc neb --initial a.extxyz --final b.extxyz --engine gpaw --images 4 --folder neb",
    .inputs = {{"initial", Kind::raw, true, "structure at the first end"},
               {"final", Kind::raw, true, "structure at the other end, same cell, same order of atoms"}},
    .outputs = {{"band", Kind::raw, "all images with energies and forces, extxyz"},
                {"barrier", Kind::record,
                 "hotstage.barrier/1: barrier both ways, reaction energy; only of a band at rest"},
                {"images", Kind::table, "one row per image"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::calc_neb
