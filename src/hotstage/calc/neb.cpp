// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/neb.hpp"

#include "hotstage/calc/detail/band.hpp"
#include "hotstage/calc/detail/band_files.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace hotstage::calc {

namespace {

/// The band while it moves.
class Search {
 public:
  Search(const NebInput& input, const NebOptions& options, Run& run)
      : input_(input), options_(options), run_(run), calculators_(input.images.size()) {
    calculators_.front() = input.calculator(0);
    out_.settings = calculators_.front()->settings();
    for (const atoms::Structure& structure : input.images) {
      detail::require_same_atoms(input.images.front(), structure, out_.images.size());
      out_.images.push_back({.structure = structure, .evaluation = {}});
    }
    stale_.assign(out_.images.size(), 1);
    read_files();
  }

  Neb run() {
    auto optimiser = make_optimiser(first_method(), options_.step_cap_A);
    bool climbs = false;
    for (;;) {
      evaluate();
      detail::BandRules rules{.spring_eV_A2 = options_.spring_eV_A2, .climbing = {}};
      if (climbs) {
        rules.climbing = detail::highest_inner(out_.images);
      }
      points_ = detail::band_forces(out_.images, rules);
      const double worst = take_band_forces();
      run_.info(fmt::format("band {}: highest image {:.4f} eV, band force {:.4f} eV/Å{}", out_.iterations,
                            out_.images[detail::highest_inner(out_.images)].evaluation.energy_eV -
                                out_.images.front().evaluation.energy_eV,
                            worst, climbs ? ", climbing" : ""));
      if (!climbs && options_.climb_below_eV_A > 0.0 && worst < options_.climb_below_eV_A) {
        climbs = true;
        optimiser = make_optimiser(last_method(), options_.step_cap_A);
        continue;
      }
      out_.converged = worst <= options_.force_eV_A;
      if (out_.converged || out_.iterations == options_.iterations) {
        break;
      }
      move(*optimiser);
      ++out_.iterations;
    }
    out_.climbed = climbs;
    summarise();
    return std::move(out_);
  }

 private:
  [[nodiscard]] Method first_method() const {
    return options_.method == BandMethod::lbfgs ? Method::lbfgs : Method::fire;
  }

  [[nodiscard]] Method last_method() const {
    return options_.method == BandMethod::fire ? Method::fire : Method::lbfgs;
  }

  void read_files() {
    for (std::size_t n = 0; n < out_.images.size() && !input_.folder.empty(); ++n) {
      const auto found = detail::read_image(detail::image_file(input_.folder, n), input_.images[n], out_.settings);
      if (found) {
        out_.images[n] = *found;
        stale_[n] = 0;
        ++out_.reused;
      }
    }
  }

  /// Computes the images that moved; each is written at once, so that a kill loses only what was in progress.
  void evaluate() {
    std::vector<std::size_t> todo;
    for (std::size_t n = 0; n < stale_.size(); ++n) {
      if (stale_[n] != 0) {
        todo.push_back(n);
      }
    }
    parallel_chunks(run_, todo.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k) {
        evaluate(todo[k]);
      }
    });
    out_.calls += todo.size();
  }

  void evaluate(std::size_t n) {
    if (!calculators_[n]) {
      calculators_[n] = input_.calculator(n);
    }
    BandImage& image = out_.images[n];
    image.evaluation = calculators_[n]->evaluate(image.structure, run_);
    ++image.calls;
    stale_[n] = 0;
    if (!input_.folder.empty()) {
      detail::write_image(detail::image_file(input_.folder, n), image, out_.settings);
    }
  }

  double take_band_forces() {
    double worst = 0.0;
    double path = 0.0;
    for (std::size_t n = 0; n < points_.size(); ++n) {
      BandImage& image = out_.images[n];
      image.path_A = path;
      image.tangent_force_eV_A = points_[n].tangent_force_eV_A;
      image.band_force_eV_A = points_[n].largest_eV_A;
      image.converged = points_[n].largest_eV_A <= options_.force_eV_A;
      worst = std::max(worst, points_[n].largest_eV_A);
      path += points_[n].ahead_A;
    }
    return worst;
  }

  /// Images at rest stay where they are: their energy need not be computed again, and their band force is looked at
  /// anew in every round because it depends on their neighbours.
  void move(Optimiser& optimiser) {
    std::vector<double> places;
    std::vector<double> forces;
    for (std::size_t n = 1; n + 1 < out_.images.size(); ++n) {
      for (const atoms::Vector& p : out_.images[n].structure.positions_A) {
        places.insert(places.end(), p.begin(), p.end());
      }
      for (const double f : points_[n].force) {
        forces.push_back(out_.images[n].converged ? 0.0 : f);
      }
    }
    const std::vector<double> step = optimiser.step(places, forces);
    std::size_t at = 0;
    for (std::size_t n = 1; n + 1 < out_.images.size(); ++n) {
      for (atoms::Vector& p : out_.images[n].structure.positions_A) {
        for (double& x : p) {
          x += out_.images[n].converged ? 0.0 : step[at];
          ++at;
        }
      }
      stale_[n] = out_.images[n].converged ? 0 : 1;
    }
  }

  void summarise() {
    const double first = out_.images.front().evaluation.energy_eV;
    const double last = out_.images.back().evaluation.energy_eV;
    out_.top = detail::highest_inner(out_.images);
    const double top = out_.images[out_.top].evaluation.energy_eV;
    out_.barrier_eV = top - first;
    out_.reverse_eV = top - last;
    out_.reaction_eV = last - first;
    out_.fit = detail::cubic_maximum(out_.images);
    out_.minima = detail::inner_minima(out_.images, options_.minimum_depth_eV);
  }

  const NebInput& input_;
  const NebOptions& options_;
  Run& run_;
  std::vector<std::unique_ptr<Calculator>> calculators_;
  std::vector<char> stale_;
  std::vector<detail::BandPoint> points_;
  Neb out_;
};

}  // namespace

Neb find_path(const NebInput& input, const NebOptions& options, Run& run) {
  HOTSTAGE_EXPECTS(static_cast<bool>(input.calculator));
  if (input.images.size() < 3) {
    throw Error(Errc::bad_input,
                fmt::format("a band of {} images: at least both ends and one between are needed", input.images.size()));
  }
  if (!input.folder.empty()) {
    std::filesystem::create_directories(input.folder);
  }
  return Search(input, options, run).run();
}

}  // namespace hotstage::calc
