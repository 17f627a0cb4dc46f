// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/product_call.hpp"

#include "hotstage/atoms/material.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <vector>

namespace hotstage::eels {

namespace {

using Vector = Eigen::Vector4d;  // oxygen, cobalt, pre-peak, scattering
using Matrix = Eigen::Matrix4d;

/// Oxygen, cobalt and scattering of a foil of a material over those of a foil of LiCoO2.
struct PerFoil {
  double oxygen = 0.0;
  double cobalt = 0.0;
  double scattering = 1.0;
};

PerFoil per_foil(std::string_view name) {
  const atoms::Material& host = atoms::find_material("LiCoO2");
  const atoms::Material& material = atoms::find_material(name);
  const auto ratio = [&](const char* element) {
    return material.atoms_per_nm3(atoms::element(element)) / host.atoms_per_nm3(atoms::element(element));
  };
  constexpr double path_power = 0.3;  // 1/λ ∝ ρ^0.3 (Iakoubovskii 2008), the logarithm taken as equal
  return {ratio("O"), ratio("Co"), std::pow(material.density_g_cm3 / host.density_g_cm3, path_power)};
}

struct Stoichiometry {
  PerFoil metal = per_foil("Co");
  PerFoil oxide = per_foil("CoO");
  PerFoil spinel = per_foil("Co3O4");
};

const Stoichiometry& stoichiometry() {
  static const Stoichiometry table;
  return table;
}

Matrix outer(const Vector& v, double sigma) {
  return sigma * sigma * v * v.transpose();
}

struct Amounts {
  double metal = 0.0;
  double oxide = 0.0;
  double unidentified = 0.0;
};

/// One hypothesis with its amounts against the data: log likelihood and the host that fits best.
struct Fit {
  double log_likelihood = 0.0;
  double host = 0.0;
  double host_variance = 0.0;
};

class Likelihood {
 public:
  Likelihood(const RegionAmounts& amounts, const CallPriors& priors) : priors_(priors) {
    data_ << amounts.oxygen.value, amounts.cobalt.value, amounts.pre_peak.value, amounts.scattering.value;
    const Vector sigma(amounts.oxygen.sigma, amounts.cobalt.sigma, amounts.pre_peak.sigma, amounts.scattering.sigma);
    counting_ = sigma.cwiseProduct(sigma).asDiagonal();
  }

  [[nodiscard]] Fit at(const Amounts& a) const {
    const Stoichiometry& s = stoichiometry();
    Vector product;
    product << s.oxide.oxygen * a.oxide, s.metal.cobalt * a.metal + s.oxide.cobalt * a.oxide,
        priors_.oxide_pre_peak.value * s.oxide.oxygen * a.oxide,
        s.metal.scattering * a.metal + s.oxide.scattering * a.oxide + a.unidentified;
    const Matrix covariance = covariance_of(a);
    // The host is linear: a broad Gaussian about half a foil stands for "anything from none to all".
    constexpr double host_mean = 0.6;
    constexpr double host_sigma = 0.4;
    const Vector ones = Vector::Ones();
    const Vector rest = data_ - product - host_mean * ones;
    const Matrix total = covariance + outer(ones, host_sigma);
    const Eigen::LDLT<Matrix> solver(total);
    const double log_det = solver.vectorD().array().log().sum();
    Fit out;
    out.log_likelihood = -0.5 * (rest.dot(solver.solve(rest)) + log_det);
    out.host = host_mean + host_sigma * host_sigma * ones.dot(solver.solve(rest));
    out.host_variance = host_sigma * host_sigma * (1.0 - host_sigma * host_sigma * ones.dot(solver.solve(ones)));
    return out;
  }

 private:
  [[nodiscard]] Matrix covariance_of(const Amounts& a) const {
    const Stoichiometry& s = stoichiometry();
    const CallPriors& p = priors_;
    Matrix out = counting_;
    const double level = std::max(0.3, data_.head<3>().maxCoeff());
    const auto diagonal = [&](int k, double sigma) { out(k, k) += sigma * sigma; };
    diagonal(0, p.baseline * level);
    diagonal(1, p.baseline * level);
    diagonal(2, p.pre_peak * level);
    diagonal(3, p.path_baseline);
    diagonal(1, p.continuum * s.metal.cobalt * a.metal);
    diagonal(1, p.continuum * s.oxide.cobalt * a.oxide);
    diagonal(0, p.oxygen_continuum * s.oxide.oxygen * a.oxide);
    diagonal(2, p.oxide_pre_peak.sigma * s.oxide.oxygen * a.oxide);
    diagonal(3, p.path * (s.metal.scattering * a.metal));
    diagonal(3, p.path * (s.oxide.scattering * a.oxide));
    // LiCoO2 at the walls reduced to spinel in place: pre-peak of Co3O4 about 0.6 of LiCoO2 (README.md).
    constexpr double spinel_pre_peak = 0.6;
    Vector reduced;
    reduced << s.spinel.oxygen - 1.0, s.spinel.cobalt - 1.0, spinel_pre_peak * s.spinel.oxygen - 1.0,
        s.spinel.scattering - 1.0;
    return out + outer(reduced, p.reduced);
  }

  const CallPriors& priors_;
  Vector data_;
  Matrix counting_;
};

struct Cell {
  Amounts amounts;
  Product product = Product::none;
  double log_weight = 0.0;  // log prior of the cell + log likelihood
  Fit fit;
};

/// All hypotheses on their grids. The weights of one hypothesis sum to 1.
std::vector<Cell> hypotheses(const CallPriors& priors) {
  constexpr int amounts = 80;
  constexpr int shares = 13;
  constexpr double least_scattering = 0.08;
  constexpr double most_scattering = 4.0;
  std::vector<Cell> out{{.product = Product::none}};
  for (int i = 0; i < amounts; ++i) {
    const double u = (i + 0.5) / amounts;
    const double v = priors.least + u * (priors.most - priors.least);
    const double one = -std::log(static_cast<double>(amounts));
    out.push_back({{.metal = v}, Product::metal, one, {}});
    out.push_back({{.oxide = v}, Product::cobalt_oxide, one, {}});
    const double extra = least_scattering * std::pow(most_scattering / least_scattering, u);
    out.push_back({{.unidentified = extra}, Product::unidentified, one, {}});
    for (int k = 0; k < shares; ++k) {
      const double share = 0.2 + 0.6 * (k + 0.5) / shares;
      out.push_back({{.metal = share * v, .oxide = (1.0 - share) * v},
                     Product::mix,
                     one - std::log(static_cast<double>(shares)),
                     {}});
    }
  }
  return out;
}

Estimate quotient(double top, double bottom, double sigma) {
  return bottom > 0.0 ? Estimate{top / bottom, sigma / bottom} : Estimate{};
}

}  // namespace

std::string_view name(Product product) noexcept {
  switch (product) {
    case Product::none:
      return "none";
    case Product::metal:
      return "metal";
    case Product::cobalt_oxide:
      return "cobalt oxide";
    case Product::mix:
      return "metal and cobalt oxide";
    case Product::unidentified:
      return "unidentified";
  }
  return "unknown";
}

ProductCall call_product(const RegionAmounts& amounts, const CallPriors& priors) {
  const Likelihood likelihood(amounts, priors);
  std::vector<Cell> cells = hypotheses(priors);
  double best = -1e300;
  for (Cell& cell : cells) {
    cell.fit = likelihood.at(cell.amounts);
    cell.log_weight += cell.fit.log_likelihood;
    best = std::max(best, cell.log_weight);
  }
  ProductCall out;
  double total = 0.0;
  double metal2 = 0.0;
  double oxide2 = 0.0;
  double host2 = 0.0;
  for (const Cell& cell : cells) {
    const double w = std::exp(cell.log_weight - best);
    total += w;
    out.probability[static_cast<std::size_t>(cell.product)] += w;
    out.metal.value += w * cell.amounts.metal;
    out.oxide.value += w * cell.amounts.oxide;
    out.host.value += w * cell.fit.host;
    metal2 += w * cell.amounts.metal * cell.amounts.metal;
    oxide2 += w * cell.amounts.oxide * cell.amounts.oxide;
    host2 += w * (cell.fit.host * cell.fit.host + cell.fit.host_variance);
  }
  const auto finish = [total](Estimate& estimate, double squares) {
    estimate.value /= total;
    estimate.sigma = std::sqrt(std::max(squares / total - estimate.value * estimate.value, 0.0));
  };
  finish(out.metal, metal2);
  finish(out.oxide, oxide2);
  finish(out.host, host2);
  for (double& p : out.probability) {
    p /= total;
  }
  out.best =
      static_cast<Product>(std::max_element(out.probability.begin(), out.probability.end()) - out.probability.begin());
  return out;
}

MassBalance mass_balance(const RegionAmounts& amounts, const CallPriors& priors) {
  const Stoichiometry& s = stoichiometry();
  const double excess = amounts.cobalt.value - amounts.oxygen.value;
  const double counting = std::hypot(amounts.cobalt.sigma, amounts.oxygen.sigma);
  const double excess_sigma = std::hypot(counting, priors.baseline, priors.continuum * std::max(excess, 0.0));
  MassBalance out;
  {
    const double host = std::max(amounts.oxygen.value, 0.0);
    const double metal = excess / s.metal.cobalt;
    const double total = metal + host;
    // d(m/(m+h)) = (h dm − m dh)/(m+h)²
    const double sigma = std::hypot(host * excess_sigma / s.metal.cobalt, metal * amounts.oxygen.sigma) / total;
    out.metal_fraction = quotient(metal, total, sigma);
  }
  {
    const double per_oxide = s.oxide.cobalt - s.oxide.oxygen;
    const double oxide = excess / per_oxide;
    const double host = amounts.oxygen.value - s.oxide.oxygen * oxide;
    const double host_sigma = std::hypot(amounts.oxygen.sigma, s.oxide.oxygen * excess_sigma / per_oxide);
    if (host < -2.0 * host_sigma) {
      return out;  // more Co than CoO alone can hold
    }
    const double total = oxide + std::max(host, 0.0);
    const double sigma = std::hypot(std::max(host, 0.0) * excess_sigma / per_oxide, oxide * host_sigma) / total;
    out.oxide_fraction = quotient(oxide, total, sigma);
  }
  return out;
}

}  // namespace hotstage::eels
