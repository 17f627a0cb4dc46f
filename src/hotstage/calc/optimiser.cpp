// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/optimiser.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace hotstage::calc {

namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Shortens the whole displacement until the atom that moves most moves by the cap.
void cap_step(std::vector<double>& step, double cap_A) {
  double most = 0.0;
  for (std::size_t i = 0; i + 2 < step.size(); i += 3) {
    most = std::max(most, std::hypot(step[i], step[i + 1], step[i + 2]));
  }
  if (most > cap_A) {
    for (double& x : step) {
      x *= cap_A / most;
    }
  }
}

class Fire final : public Optimiser {
 public:
  explicit Fire(double cap_A) : cap_A_(cap_A) {}

  [[nodiscard]] std::vector<double> step(std::span<const double> positions_A,
                                         std::span<const double> forces_eV_A) override {
    HOTSTAGE_EXPECTS(positions_A.size() == forces_eV_A.size() && forces_eV_A.size() % 3 == 0);
    velocity_.resize(forces_eV_A.size(), 0.0);
    const double power = dot(velocity_, forces_eV_A);
    if (power > 0.0) {
      const double speed = std::sqrt(dot(velocity_, velocity_));
      const double force = std::sqrt(dot(forces_eV_A, forces_eV_A));
      for (std::size_t i = 0; i < velocity_.size(); ++i) {
        velocity_[i] = (1.0 - mixing_) * velocity_[i] + mixing_ * speed * forces_eV_A[i] / force;
      }
      if (++downhill_ > patience) {
        time_ = std::min(time_ * 1.1, longest_time);
        mixing_ *= 0.99;
      }
    } else {
      std::fill(velocity_.begin(), velocity_.end(), 0.0);
      if (started_) {
        time_ *= 0.5;
      }
      mixing_ = first_mixing;
      downhill_ = 0;
    }
    started_ = true;
    std::vector<double> out(velocity_.size());
    for (std::size_t i = 0; i < velocity_.size(); ++i) {
      velocity_[i] += time_ * forces_eV_A[i];
      out[i] = time_ * velocity_[i];
    }
    cap_step(out, cap_A_);
    return out;
  }

  void reset() override {
    velocity_.clear();
    time_ = first_time;
    mixing_ = first_mixing;
    downhill_ = 0;
    started_ = false;
  }

 private:
  static constexpr int patience = 5;
  static constexpr double first_mixing = 0.1;
  static constexpr double first_time = 0.1;
  static constexpr double longest_time = 1.0;

  double cap_A_;
  std::vector<double> velocity_;
  double time_ = first_time;
  double mixing_ = first_mixing;
  int downhill_ = 0;
  bool started_ = false;
};

class Lbfgs final : public Optimiser {
 public:
  explicit Lbfgs(double cap_A) : cap_A_(cap_A) {}

  [[nodiscard]] std::vector<double> step(std::span<const double> positions_A,
                                         std::span<const double> forces_eV_A) override {
    HOTSTAGE_EXPECTS(positions_A.size() == forces_eV_A.size() && forces_eV_A.size() % 3 == 0);
    learn(positions_A, forces_eV_A);
    std::vector<double> out(forces_eV_A.begin(), forces_eV_A.end());
    std::vector<double> weight(pairs_.size());
    for (std::size_t k = pairs_.size(); k-- > 0;) {
      const Pair& p = pairs_[k];
      weight[k] = p.rho * dot(p.moved, out);
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] -= weight[k] * p.slope[i];
      }
    }
    for (double& x : out) {
      x /= first_curvature_eV_A2;
    }
    for (std::size_t k = 0; k < pairs_.size(); ++k) {
      const Pair& p = pairs_[k];
      const double back = p.rho * dot(p.slope, out);
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] += (weight[k] - back) * p.moved[i];
      }
    }
    cap_step(out, cap_A_);
    return out;
  }

  void reset() override {
    pairs_.clear();
    positions_.clear();
    forces_.clear();
  }

 private:
  struct Pair {
    std::vector<double> moved;
    std::vector<double> slope;  ///< change of the gradient
    double rho = 0.0;
  };

  void learn(std::span<const double> positions_A, std::span<const double> forces_eV_A) {
    if (positions_.size() == positions_A.size()) {
      Pair p{.moved = std::vector<double>(positions_A.size()), .slope = std::vector<double>(positions_A.size())};
      for (std::size_t i = 0; i < positions_A.size(); ++i) {
        p.moved[i] = positions_A[i] - positions_[i];
        p.slope[i] = forces_[i] - forces_eV_A[i];
      }
      const double curvature = dot(p.moved, p.slope);
      // A band's force is not a gradient and a saddle has negative curvature: such pairs would turn the step uphill.
      if (curvature > 1e-6 * dot(p.moved, p.moved) && curvature > 0.0) {
        p.rho = 1.0 / curvature;
        pairs_.push_back(std::move(p));
        if (pairs_.size() > memory) {
          pairs_.pop_front();
        }
      }
    }
    positions_.assign(positions_A.begin(), positions_A.end());
    forces_.assign(forces_eV_A.begin(), forces_eV_A.end());
  }

  static constexpr std::size_t memory = 20;
  static constexpr double first_curvature_eV_A2 = 70.0;

  double cap_A_;
  std::deque<Pair> pairs_;
  std::vector<double> positions_;
  std::vector<double> forces_;
};

}  // namespace

std::unique_ptr<Optimiser> make_optimiser(Method method, double step_cap_A) {
  HOTSTAGE_EXPECTS(step_cap_A > 0.0);
  if (method == Method::fire) {
    return std::make_unique<Fire>(step_cap_A);
  }
  return std::make_unique<Lbfgs>(step_cap_A);
}

}  // namespace hotstage::calc
