// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/distortion_verdict.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/term_series.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::series::detail {

namespace {

constexpr double clear_scatter = 3.5;  // normal deviates: a still series passes four terms with 0.1 %
constexpr double clear_trend = 4.0;
constexpr std::size_t terms = FrameDistortion::terms;

/// χ²/dof of the local shifts about the model over all frames; at least 1.
double dispersion_of(const std::vector<ModelFit>& fits) {
  double chi2 = 0.0, dof = 0.0;
  for (const ModelFit& fit : fits) {
    if (fit.ok) {
      chi2 += fit.chi2;
      dof += fit.dof;
    }
  }
  return dof > 0.0 ? std::max(1.0, chi2 / dof) : 1.0;
}

/// True response of the tiles' pulls to a shift over the one taken for the fit.
double response_of(const std::vector<std::vector<TileFit>>& tiles) {
  double true_one = 0.0, taken = 0.0;
  for (const std::vector<TileFit>& frame : tiles) {
    for (const TileFit& t : frame) {
      true_one += t.response;
      taken += t.information[0] + t.information[2];
    }
  }
  constexpr double least = 0.5, most = 2.0;
  return taken > 0.0 ? std::clamp(true_one / taken, least, most) : 1.0;
}

double sigma_of(const ModelFit& fit, std::size_t parameter, double dispersion) {
  return std::sqrt(dispersion * fit.covariance.view()(parameter, parameter));
}

/// Coefficients weighed by how much they vary from frame to frame.
void shrink_knots(const FittedFrames& frames, std::vector<std::vector<double>>& value,
                  std::vector<std::vector<double>>& sigma) {
  const std::size_t count = value.front().size();
  for (std::size_t j = 0; j < count; ++j) {
    double power = 0.0, n = 0.0;
    for (std::size_t f = 0; f < value.size(); ++f) {
      if (frames.found[f].measured) {
        power += value[f][j] * value[f][j] - sigma[f][j] * sigma[f][j];
        n += 1.0;
      }
    }
    power = std::max(0.0, power / n);
    for (std::size_t f = 0; f < value.size(); ++f) {
      const double variance = sigma[f][j] * sigma[f][j];
      const double known = power + variance > 0.0 ? power / (power + variance) : 0.0;
      value[f][j] *= known;
      sigma[f][j] *= std::sqrt(known);
    }
  }
}

void put_knot_sigma(const DistortionModel& model, const std::vector<double>& sigma, FrameDistortion& to) {
  const std::size_t n = model.knots().functions();
  to.knot_sigma_y_px.assign(n + 2, 0.0);
  to.knot_sigma_x_px.assign(n + 2, 0.0);
  for (std::size_t k = 0; k < n + 2; ++k) {
    double y = 0.0, x = 0.0;
    for (std::size_t j = 0; j < n; ++j) {
      const double f = model.knots().at_knot(j)[k];
      y += f * f * sigma[j] * sigma[j];
      x += f * f * sigma[n + j] * sigma[n + j];
    }
    to.knot_sigma_y_px[k] = std::sqrt(y);
    to.knot_sigma_x_px[k] = std::sqrt(x);
  }
}

/// Left over by the model: late half of the frames against the early one.
void add_residuals(const FittedFrames& frames, SeriesDistortion& out) {
  struct Half {
    double hyy = 0.0, hyx = 0.0, hxx = 0.0, gy = 0.0, gx = 0.0;
  };

  std::size_t tiles = 0;
  for (const std::vector<TileFit>& t : frames.tiles) {
    tiles = std::max(tiles, t.size());
  }
  std::vector<double> dy, dx;
  for (std::size_t k = 0; k < tiles; ++k) {
    std::array<Half, 2> halves{};
    ResidualVector vector;
    double n = 0.0, seen = 0.0;
    for (std::size_t f = 0; f < frames.found.size(); ++f) {
      if (!frames.found[f].measured || k >= frames.tiles[f].size() || !frames.tiles[f][k].usable()) {
        continue;
      }
      const TileFit& t = frames.tiles[f][k];
      const std::vector<double>& solution = frames.fits[f].solution;
      frames.model.design(t.y, t.x, dy, dx);
      double uy = 0.0, ux = 0.0;
      for (std::size_t i = 0; i < solution.size(); ++i) {
        uy += dy[i] * solution[i];
        ux += dx[i] * solution[i];
      }
      const auto [hyy, hyx, hxx] = t.information;
      const double w = 1.0 / (common_scale(frames.tiles[f]) * out.dispersion);
      Half& h = halves[2 * f < frames.found.size() ? 0 : 1];
      h.hyy += w * hyy;
      h.hyx += w * hyx;
      h.hxx += w * hxx;
      h.gy += w * (t.pull[0] - hyy * uy - hyx * ux);
      h.gx += w * (t.pull[1] - hyx * uy - hxx * ux);
      vector.y += t.y;
      vector.x += t.x;
      n += 1.0;
    }
    for (const Half& h : halves) {
      const double determinant = h.hyy * h.hxx - h.hyx * h.hyx;
      constexpr double one_direction = 1e-3;
      if (!(determinant > one_direction * (h.hyy + h.hxx) * (h.hyy + h.hxx))) {
        break;
      }
      const double sign = &h == &halves[1] ? 1.0 : -1.0;
      vector.dy_px += sign * (h.hxx * h.gy - h.hyx * h.gx) / determinant;
      vector.dx_px += sign * (h.hyy * h.gx - h.hyx * h.gy) / determinant;
      vector.sigma_y_px = std::hypot(vector.sigma_y_px, std::sqrt(h.hxx / determinant));
      vector.sigma_x_px = std::hypot(vector.sigma_x_px, std::sqrt(h.hyy / determinant));
      seen += 1.0;
    }
    if (seen > 1.5) {
      vector.y /= n;
      vector.x /= n;
      out.residuals.push_back(vector);
    }
  }
}

}  // namespace

void put_knots(const DistortionModel& model, const std::vector<double>& coefficients, FrameDistortion& to) {
  to.knot_y_px.clear();
  to.knot_x_px.clear();
  if (std::all_of(coefficients.begin(), coefficients.end(), [](double c) { return c == 0.0; })) {
    return;
  }
  std::vector<double> solution(terms, 0.0);
  solution.insert(solution.end(), coefficients.begin(), coefficients.end());
  model.add(solution, to);
}

void judge_knots(const DistortionModel& model, const std::vector<ModelFit>& fits,
                 const std::vector<std::vector<TileFit>>& tiles, SeriesDistortion& out) {
  const std::size_t count = 2 * model.knots().functions();
  const double response = response_of(tiles);
  const double dispersion = dispersion_of(fits) / (response * response);
  std::vector<double> mean(count, 0.0);
  double frames = 0.0, chi2 = 0.0;
  for (const ModelFit& fit : fits) {
    frames += fit.ok ? 1.0 : 0.0;
    for (std::size_t j = 0; fit.ok && j < count; ++j) {
      mean[j] += fit.solution[terms + j];
    }
  }
  for (const ModelFit& fit : fits) {
    if (!fit.ok) {
      continue;
    }
    Buffer<double, 2> block({count, count});
    for (std::size_t j = 0; j < count; ++j) {
      for (std::size_t k = 0; k < count; ++k) {
        block.view()(j, k) = dispersion * fit.covariance.view()(terms + j, terms + k);
      }
    }
    if (!invert(block)) {
      return;
    }
    for (std::size_t j = 0; j < count; ++j) {
      for (std::size_t k = 0; k < count; ++k) {
        chi2 += (fit.solution[terms + j] - mean[j] / frames) * block.view()(j, k) *
                (fit.solution[terms + k] - mean[k] / frames);
      }
    }
  }
  out.knots_z = frames > 1.0 ? normal_deviate(chi2, static_cast<double>(count) * (frames - 1.0)) : 0.0;
  std::vector<double> sigma;
  for (const ModelFit& fit : fits) {
    double power = 0.0;
    for (std::size_t j = 0; fit.ok && j < count; ++j) {
      power += 0.5 * dispersion * fit.covariance.view()(terms + j, terms + j);
    }
    if (fit.ok) {
      sigma.push_back(std::sqrt(power));
    }
  }
  constexpr double largest_sigma_px = 0.3;
  out.knots_sigma_px = num::median(sigma);
  out.knots_seen = out.knots_z > clear_scatter;
  out.knots_found = out.knots_seen && out.knots_sigma_px < largest_sigma_px;
}

std::vector<FrameDistortion> placed_frames(const FittedFrames& frames) {
  std::vector<FrameDistortion> out = frames.found;
  const std::size_t functions = 2 * frames.model.knots().functions();
  std::vector<std::vector<double>> value = frames.knots, sigma(out.size(), std::vector<double>(functions, 0.0));
  const double response = response_of(frames.tiles);
  const double widening = dispersion_of(frames.fits) / (response * response);
  for (std::size_t f = 0; f < out.size(); ++f) {
    for (std::size_t j = 0; j < functions; ++j) {
      if (out[f].measured && frames.fits[f].solution.size() > terms) {
        sigma[f][j] = sigma_of(frames.fits[f], terms + j, widening);
      }
    }
  }
  shrink_knots(frames, value, sigma);
  for (std::size_t f = 0; f < out.size(); ++f) {
    if (out[f].measured) {
      put_knots(frames.model, value[f], out[f]);
    }
  }
  return out;
}

void conclude(const FittedFrames& frames, SeriesDistortion& out) {
  const std::size_t count = frames.found.size();
  out.dispersion = dispersion_of(frames.fits);
  out.response = response_of(frames.tiles);
  const double widening = out.dispersion / (out.response * out.response);
  out.measured = frames.found;
  out.applied.assign(count, {});
  std::vector<std::size_t> used;
  for (std::size_t f = 0; f < count; ++f) {
    FrameDistortion& d = out.measured[f];
    if (!d.measured) {
      d = {};
      continue;
    }
    used.push_back(f);
    for (std::size_t k = 0; k < terms; ++k) {
      const double unit = k < FrameDistortion::magnification ? 1.0 : frames.model.half();
      d.sigma[k] = sigma_of(frames.fits[f], k, widening) / unit;
    }
  }
  out.frames = used.size();
  for (std::size_t k = FrameDistortion::magnification; k < terms; ++k) {
    std::vector<double> value, sigma;
    for (const std::size_t f : used) {
      value.push_back(out.measured[f].value[k]);
      sigma.push_back(out.measured[f].sigma[k]);
    }
    const TermSeries term = judge_term(value, sigma);
    TermVerdict& verdict = out.verdict[k - FrameDistortion::magnification];
    verdict = {.scatter_z = term.scatter_z,
               .trend = term.trend,
               .rms = term.rms,
               .found = term.scatter_z > clear_scatter || std::abs(term.trend) > clear_trend,
               .smoothed = term.smoothed};
    for (std::size_t i = 0; verdict.found && i < used.size(); ++i) {
      out.applied[used[i]].value[k] = term.value[i];
      out.applied[used[i]].sigma[k] = term.sigma[i];
    }
  }
  if (out.knots_found) {
    const std::size_t functions = 2 * frames.model.knots().functions();
    std::vector<std::vector<double>> value = frames.knots, sigma(count, std::vector<double>(functions, 0.0));
    double power = 0.0;
    for (const std::size_t f : used) {
      for (std::size_t j = 0; j < functions; ++j) {
        sigma[f][j] = sigma_of(frames.fits[f], terms + j, widening);
        power += (value[f][j] * value[f][j] - sigma[f][j] * sigma[f][j]) / (2.0 * static_cast<double>(used.size()));
      }
      put_knot_sigma(frames.model, sigma[f], out.measured[f]);
    }
    out.knots_rms_px = std::sqrt(std::max(0.0, power));
    shrink_knots(frames, value, sigma);
    for (const std::size_t f : used) {
      put_knots(frames.model, value[f], out.applied[f]);
      put_knot_sigma(frames.model, sigma[f], out.applied[f]);
    }
  }
  for (const std::size_t f : used) {
    FrameDistortion& d = out.applied[f];
    d.measured = out.any();
    for (std::size_t k = 0; d.measured && k < FrameDistortion::magnification; ++k) {
      d.value[k] = out.measured[f].value[k];
      d.sigma[k] = out.measured[f].sigma[k];
    }
  }
  add_residuals(frames, out);
}

}  // namespace hotstage::series::detail
