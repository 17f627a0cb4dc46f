// SPDX-License-Identifier: GPL-3.0-or-later
// Step atoms.path: images of a cobalt hop, straight or by the image-dependent pair potential.

#include "hotstage/atoms/hop.hpp"
#include "hotstage/atoms/path.hpp"
#include "hotstage/study/detail/atoms_pages.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::study::atoms_path {

namespace {

enum class Which { into_layer, after_in_layer, after_across };
enum class Start { idpp, linear };

constexpr auto enum_names(Which /*tag*/) {
  return std::array{EnumName<Which>{Which::into_layer, "into_layer"},
                    EnumName<Which>{Which::after_in_layer, "after_in_layer"},
                    EnumName<Which>{Which::after_across, "after_across"}};
}

constexpr auto enum_names(Start /*tag*/) {
  return std::array{EnumName<Start>{Start::idpp, "idpp"}, EnumName<Start>{Start::linear, "linear"}};
}

struct Options {
  detail::CrystalOptions crystal;
  std::array<int, 3> supercell{2, 2, 1};
  Which hop = Which::into_layer;
  atoms::LayerHopOptions first;
  std::size_t images = 4;
  Start guess = Start::idpp;

  template <class V>
  void fields(V& v) {
    crystal.fields(v);
    v("supercell", supercell, {.help = "copies along a, b, c", .min = 1.0, .max = 20.0});
    v("hop", hop, {.help = "path I into the Li layer, or path II: another Co follows"});
    v("landing", first.landing, {.help = "place in the Li layer"});
    v("oxygen", first.oxygen, {.help = "oxygen vacancy beside the hop"});
    v("lithium_vacancies", first.lithium_vacancies, {.help = "Li removed around the landing place", .max = 3.0});
    v("images", images, {.help = "images between the ends", .min = 1.0, .max = 100.0});
    v("guess", guess, {.help = "how the images are placed"});
  }
};

/// The two bound files, or a hop of cobalt in the crystal.
atoms::Hop hop_of(const StepInputs& inputs, const Options& o) {
  if (const auto end = inputs.files.find("end"); end != inputs.files.end()) {
    atoms::Hop out{.start = detail::crystal_of(inputs, o.crystal), .end = atoms::load_structure(end->second)};
    out.text = fmt::format("{} to {}", detail::origin_of(inputs, o.crystal), end->second.filename().string());
    return out;
  }
  const atoms::Structure host = atoms::repeated(detail::crystal_of(inputs, o.crystal), o.supercell);
  if (o.hop == Which::into_layer) {
    return atoms::hop_into_lithium_layer(host, o.first);
  }
  const auto follow = o.hop == Which::after_in_layer ? atoms::Follow::in_layer : atoms::Follow::across_layer;
  return atoms::hop_after(host, {.follow = follow, .first = o.first});
}

io::Table image_table(const atoms::IdppPath& path) {
  std::vector<double> number, closest;
  for (std::size_t n = 0; n < path.images.size(); ++n) {
    number.push_back(double(n));
    closest.push_back(detail::closest_A(path.images[n]));
  }
  io::Table out;
  out.columns = {io::number_column("image", "", number),
                 io::number_column("length", "angstrom", atoms::path_length_A(path.images)),
                 io::number_column("closest", "angstrom", closest),
                 io::number_column("objective_linear", "angstrom^-2", path.objective_linear),
                 io::number_column("objective", "angstrom^-2", path.objective)};
  return out;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const atoms::Hop hop = hop_of(inputs, options);
  const atoms::PathOptions wanted{.images = options.images, .stops = hop.stops};
  const atoms::IdppOptions none{.max_steps = options.guess == Start::idpp ? std::size_t{2000} : std::size_t{0}};
  const atoms::IdppPath path = atoms::idpp_path(hop.start, hop.end, wanted, none);
  const io::Table images = image_table(path);
  const std::vector<double>& closest = images.numbers("closest");
  StepOutput out;
  out.results.push_back(detail::geometric("length", images.numbers("length").back(), "angstrom", "Length of the path"));
  out.results.push_back(
      detail::geometric("closest", *std::ranges::min_element(closest), "angstrom", "Shortest distance in any image"));
  const bool settled = path.converged || options.guess == Start::linear;
  out.checks.push_back({"Pair-distance relaxation", settled ? CheckStatus::ok : CheckStatus::attention,
                        options.guess == Start::linear ? "straight path asked for" : "all images", "converged",
                        "A first guess only; the barrier needs an engine"});
  out.tables["images"] = images;
  out.raw_text["path"] = detail::extxyz(path.images);
  out.figures.push_back(detail::path_figure(path.images, hop.text));
  out.assumptions.push_back({hop.text, "Ends as built, not relaxed; relax both before a barrier is computed"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "atoms.path",
    .version = 1,
    .title = "Images of a cobalt hop",
    .help =
        "Both ends and the images between them for a cobalt hop into the Li layer (path I) or into the place another "
        "cobalt left (path II), or between two given structures",
    .example = "hotstage atoms path --hop into_layer --oxygen crossed_face --images 4",
    .inputs = {{"structure", Kind::raw, false, "host, or the start when `end` is given; POSCAR or extended XYZ"},
               {"end", Kind::raw, false, "end of the path, same atoms in the same order"}},
    .outputs = {{"path", Kind::raw, "one frame per image, ends included, extended XYZ"},
                {"images", Kind::table, "length of the path, shortest distance, objective before and after"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::atoms_path
