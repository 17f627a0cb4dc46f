// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/drift.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/stem/detail/streams.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::stem {

namespace {

constexpr double knot_s = 0.25;   // far below a frame time, so that the walk shears within frames
constexpr double settle_s = 0.5;  // time constant of a jump

}  // namespace

DriftPath::DriftPath(const DriftModel& model, double first_s, double last_s, std::uint64_t seed)
    : first_s_(first_s), last_s_(last_s) {
  HOTSTAGE_EXPECTS(last_s >= first_s);
  Rng rng(seed, streams::drift, 0);
  const double angle = 2.0 * std::numbers::pi * rng.uniform();
  rate_nm_per_s_ = {model.rate_nm_per_s * std::cos(angle), model.rate_nm_per_s * std::sin(angle)};
  for (int i = 0; i < model.jumps; ++i) {
    const double direction = 2.0 * std::numbers::pi * rng.uniform();
    jumps_.push_back({first_s + (last_s - first_s) * rng.uniform(),
                      {model.jump_nm * std::cos(direction), model.jump_nm * std::sin(direction)}});
  }
  const auto knots = static_cast<std::size_t>(std::ceil((last_s - first_s) / knot_s)) + 1;
  Rng walk_rng(seed, streams::drift, 1);
  const double step_nm = model.walk_nm_per_root_s * std::sqrt(knot_s);
  walk_.resize(knots);
  for (std::size_t i = 1; i < knots; ++i) {
    walk_[i] = {walk_[i - 1].x_nm + step_nm * walk_rng.normal(), walk_[i - 1].y_nm + step_nm * walk_rng.normal()};
  }
}

Displacement DriftPath::at(double time_s) const {
  const double since = time_s - first_s_;
  const double knot = std::clamp(since / knot_s, 0.0, static_cast<double>(walk_.size() - 1));
  const auto k = std::min(static_cast<std::size_t>(knot), walk_.size() - (walk_.size() > 1 ? 2 : 1));
  const Displacement& before = walk_[k];
  const Displacement& after = walk_[std::min(k + 1, walk_.size() - 1)];
  const double share = knot - static_cast<double>(k);
  Displacement out{before.x_nm + share * (after.x_nm - before.x_nm) + rate_nm_per_s_.x_nm * since,
                   before.y_nm + share * (after.y_nm - before.y_nm) + rate_nm_per_s_.y_nm * since};
  for (const Jump& jump : jumps_) {
    if (time_s > jump.time_s) {
      const double done = -std::expm1(-(time_s - jump.time_s) / settle_s);
      out.x_nm += done * jump.to.x_nm;
      out.y_nm += done * jump.to.y_nm;
    }
  }
  return out;
}

DriftPath::Extent DriftPath::extent() const {
  Extent box{at(first_s_), at(first_s_)};
  constexpr int parts = 8;  // of a knot interval: a settling jump is the only curve between knots
  const auto steps = static_cast<std::size_t>(parts) * walk_.size();
  for (std::size_t i = 0; i <= steps; ++i) {
    const Displacement d = at(std::min(last_s_, first_s_ + static_cast<double>(i) * knot_s / parts));
    box.least = {std::min(box.least.x_nm, d.x_nm), std::min(box.least.y_nm, d.y_nm)};
    box.most = {std::max(box.most.x_nm, d.x_nm), std::max(box.most.y_nm, d.y_nm)};
  }
  return box;
}

}  // namespace hotstage::stem
