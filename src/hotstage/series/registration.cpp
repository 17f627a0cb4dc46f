// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/registration.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/fft2.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/anchor_tree.hpp"
#include "hotstage/series/detail/band.hpp"
#include "hotstage/series/detail/coarse.hpp"
#include "hotstage/series/detail/frame_flags.hpp"
#include "hotstage/series/detail/masked_pass.hpp"
#include "hotstage/series/detail/matcher.hpp"
#include "hotstage/series/detail/pair_power.hpp"
#include "hotstage/series/detail/position_noise.hpp"
#include "hotstage/series/detail/settle.hpp"
#include "hotstage/series/detail/tracker.hpp"
#include "hotstage/series/detail/working_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>

namespace hotstage::series {

namespace {

using detail::Alignment;
using detail::radial_bins;
using detail::Spectrum;
using detail::Work;

constexpr std::size_t sampled_frames = 16;  // for the mean brightness
constexpr double information_kept = 0.995;  // share of the information on a shift inside the band
constexpr double reach_px = 4.0;            // the coarse positions are better than this
constexpr double lost_share = 0.3;          // of the median correlation

void coarse_drift(Work& w) {
  const detail::CoarsePass coarse = detail::coarse_pass(w.series,
                                                        {.taper = w.options.taper,
                                                         .search = w.options.search,
                                                         .longest = w.options.longest,
                                                         .block = static_cast<std::size_t>(w.options.anchor)},
                                                        w.pause, w.run);
  w.field = detail::common_field(coarse.positions, w.shape.rows, w.shape.columns);
  w.frames.resize(w.shape.frames);
  w.position.resize(w.shape.frames);
  w.good.assign(w.shape.frames, 1);
  for (std::size_t i = 0; i < w.shape.frames; ++i) {
    const detail::CoarsePosition& p = coarse.positions[i];
    w.position[i] = {p.dy - static_cast<double>(w.field.offset[i][0]),
                     p.dx - static_cast<double>(w.field.offset[i][1])};
    w.frames[i].mean = coarse.mean[i];
    w.repeats = w.repeats || !p.choices.empty();
    detail::Guess guess{.position = w.position[i]};
    for (std::size_t k = 0; k < p.choices.size(); ++k) {
      if (k == 0) {
        guess.probability = p.choices[k].probability;
      } else {
        guess.others.push_back({w.position[i][0] + p.choices[k].dy - p.choices[0].dy,
                                w.position[i][1] + p.choices[k].dx - p.choices[0].dx, p.choices[k].probability});
      }
    }
    w.guess.push_back(std::move(guess));
  }
  w.window_y = detail::taper_window(w.field.rows, w.options.taper);
  w.window_x = detail::taper_window(w.field.columns, w.options.taper);
  w.detector = photon_transfer(w.series, w.field.offset, w.run);
}

/// Looks for a lattice in the mean power.
void find_repeats(Work& w, const detail::MeanPower& of) {
  std::vector<float> power(w.band.size());
  for (std::size_t row = 0; row < w.band.height(); ++row) {
    const std::size_t from = (row + of.band.ky_max - w.band.ky_max) * of.band.width();
    std::copy_n(of.each.data() + from, w.band.width(), power.data() + row * w.band.width());
  }
  detail::add_spots(w.band, power, 2.0 * static_cast<double>(of.pairs), w.spectra);
  const detail::Matcher matcher(w.band, w.spectra, 1.0, 1.0, w.lowest(), w.options.taper);
  for (float& p : power) {
    p = std::max(0.0F, p - static_cast<float>(w.spectra.noise));
  }
  constexpr double a_lattice = 0.3;
  const double field = static_cast<double>(std::min(w.field.rows, w.field.columns));
  const detail::Matcher::Repeat repeat = matcher.repeat(power, field / 8.0);
  if (repeat.share > a_lattice) {
    w.repeats = true;
    w.reach = std::min(w.reach, 0.35 * repeat.distance_px);
  }
}

/// Power of signal and noise, and the band that holds what is known about a shift: per mode f² S²/(N² + 2SN).
void measure_spectra(Work& w, const num::RealFft2& fft) {
  const detail::MeanPower mean = detail::mean_pair_power(w, fft);
  w.spectra.signal = mean.cross;
  for (std::size_t r = 0; r < radial_bins; ++r) {
    const double scatter = mean.power[r] / std::sqrt(std::max(mean.modes[r], 1.0));
    constexpr double clear = 4.0;  // 64 bins of pure noise must all stay below
    if (w.spectra.signal[r] < clear * scatter) {
      w.spectra.signal[r] = 0.0;
    }
  }
  w.spectra.noise = num::median(std::span(mean.power).subspan(radial_bins * 4 / 5));
  std::vector<double> information(radial_bins);
  double total = 0.0;
  for (std::size_t r = 0; r < radial_bins; ++r) {
    const double f = (static_cast<double>(r) + 0.5) / static_cast<double>(radial_bins) * 0.5;
    const double s = w.spectra.signal[r];
    const double n = w.spectra.noise;
    information[r] = n + s > 0.0 ? f * f * f * s * s / (n * n + 2.0 * s * n + 1e-12 * s * s) : 0.0;
    total += information[r];
  }
  if (!(total > 0.0)) {
    throw Error(Errc::refused, Location{.file = w.series.file}, "neighbouring frames have nothing in common",
                "Is this a series of one area? Look at a few frames; bin or average them when they are very noisy");
  }
  double kept = 0.0;
  std::size_t last = 0;
  while (last + 1 < radial_bins && kept + information[last] < information_kept * total) {
    kept += information[last++];
  }
  const double cutoff = (static_cast<double>(last) + 1.0) / static_cast<double>(radial_bins) * 0.5;
  w.cutoff = std::clamp(cutoff, 1.0 / 16.0, 0.5);
  w.band = detail::make_band(w.field.rows, w.field.columns, w.cutoff);
  find_repeats(w, mean);
}

/// Power in the upper half of the band over power in the lower half, noise taken off.
double focus_of(const Work& w, const Spectrum& spectrum) {
  double low = 0.0;
  double high = 0.0;
  for (std::size_t row = 0; row < w.band.height(); ++row) {
    for (std::size_t k = 1; k < w.band.width(); ++k) {
      const double fy = w.band.fy(row), fx = w.band.fx(k);
      const double f = std::sqrt(fy * fy + fx * fx) / w.cutoff;
      const double power = static_cast<double>(std::norm(spectrum[row * w.band.width() + k])) - w.spectra.noise;
      if (f > 0.15 && f <= 0.4) {
        low += power;
      } else if (f > 0.4 && f <= 1.0) {
        high += power;
      }
    }
  }
  return low > 0.0 ? high / low : 0.0;
}

void move(Work& w, Spectrum& spectrum, std::size_t frame, std::array<double, 2> by) {
  Spectrum out(w.band.size());
  detail::add_moved_back(w.band, spectrum, by, 1.0, out);
  spectrum = std::move(out);
  w.position[frame][0] += by[0];
  w.position[frame][1] += by[1];
}

void add_brightness(Work& w, View<const float, 2> frame, std::size_t index) {
  for (std::size_t y = 0; y < w.field.rows; ++y) {
    const auto row = static_cast<std::size_t>(w.field.base[0] + w.field.offset[index][0] + static_cast<long>(y));
    const auto column = static_cast<std::size_t>(w.field.base[1] + w.field.offset[index][1]);
    for (std::size_t x = 0; x < w.field.columns; ++x) {
      w.brightness.view()(y, x) += w.detector.electrons(static_cast<double>(frame(row, column + x)));
    }
  }
}

constexpr std::size_t ring_blocks = 3;

/// A block of frames whose spectra are kept until its neighbours are known.
struct Block {
  std::size_t first = 0;
  std::vector<Spectrum> spectra;  ///< moved back by `position`
  double good = 0.0;
};

/// Groups a position was measured against, with their numbers of frames: those of the ring. Nothing on the heap: what
/// stays for the whole pass between spectra that come and go would break the heap into holes too small for the next.
struct Mixture {
  std::array<std::pair<std::size_t, double>, ring_blocks> groups{};
  std::size_t count = 0;
};

struct FinePass {
  Work& w;
  const num::RealFft2& fft;
  detail::Matcher first;
  detail::Matcher steady;
  detail::Tracker tracker;
  detail::AnchorTree tree;
  std::vector<float> weights;  ///< of a frame against three blocks
  std::deque<Block> ring;
  std::vector<Mixture> mixture;  ///< per block

  FinePass(Work& work, const num::RealFft2& transforms)
      : w(work),
        fft(transforms),
        first(w.band, w.spectra, 1.0, 1.0, w.lowest(), w.options.taper),
        steady(w.band, w.spectra, 1.0, 1.0 / length(), w.lowest(), w.options.taper),
        tracker(first, steady, tracker_options()),
        tree(w.band, w.spectra, length(), w.lowest(), w.reach),
        weights(detail::make_weights(w.band, w.spectra, 1.0, 1.0 / (3.0 * length()), w.lowest())) {}

  [[nodiscard]] double length() const { return static_cast<double>(w.options.anchor); }

  [[nodiscard]] detail::TrackerOptions tracker_options() const {
    constexpr double search_px = 32.0;
    const auto share = [&](std::size_t size) { return std::min(search_px, static_cast<double>(size) / 8.0); };
    return {.search_y_px = share(w.field.rows),
            .search_x_px = share(w.field.columns),
            .all_maxima = w.repeats,
            .reach_px = reach_px};
  }

  Block read(std::size_t begin, std::size_t count);
  void follow(Block& block);
  bool settle(Block& block);
  void finish(std::size_t index);
  void run();
};

Block FinePass::read(std::size_t begin, std::size_t count) {
  Block block{begin, std::vector<Spectrum>(count)};
  const std::size_t stride = std::max<std::size_t>(1, w.shape.frames / sampled_frames);
  std::vector<Buffer<float, 2>> sampled(count);
  parallel_chunks(w.run, count, 1, [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      Buffer<float, 2> frame = read_frame(w.series, begin + i);
      block.spectra[i] = detail::cut(w.band, detail::transform(w, fft, begin + i, frame.view()).view());
      w.frames[begin + i].focus = focus_of(w, block.spectra[i]);
      if ((begin + i) % stride == 0 && w.field.clipped[begin + i] == 0) {
        sampled[i] = std::move(frame);
      }
    }
  });
  for (std::size_t i = 0; i < count; ++i) {
    if (sampled[i].size() > 0) {
      add_brightness(w, sampled[i].view(), begin + i);
    }
  }
  return block;
}

/// Tracks the frames of a block and hangs their mean into the tree of anchors.
void FinePass::follow(Block& block) {
  const std::size_t count = block.spectra.size();
  const auto tracked = tracker.track(block.spectra, std::span(w.guess).subspan(block.first, count),
                                     std::span(w.pause).subspan(block.first, count), w.run);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t frame = block.first + i;
    w.position[frame] = tracked[i].position;
    w.good[frame] = tracked[i].found ? 1 : 0;
    if (tracked[i].choices.size() > 1) {
      AmbiguousJump jump{.frame = frame};
      for (const detail::Choice& c : tracked[i].choices) {
        jump.choices.push_back({c.dy - tracked[i].position[0], c.dx - tracked[i].position[1], c.probability});
      }
      w.ambiguous.push_back(std::move(jump));
    }
  }
  constexpr int rounds = 4;  // what is found wrong shows the next
  for (int round = 0; w.repeats && round < rounds && settle(block); ++round) {
  }
  Spectrum sum;
  for (std::size_t i = 0; i < count; ++i) {
    if (w.good[block.first + i] != 0) {
      sum.resize(w.band.size());
      std::transform(sum.begin(), sum.end(), block.spectra[i].begin(), sum.begin(), std::plus<>{});
      block.good += 1.0;
    }
  }
  const std::array<double, 2> by = tree.add(sum, w.run);
  tracker.correct(by);
  parallel_chunks(w.run, count, 1, [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      move(w, block.spectra[i], block.first + i, by);
    }
  });
}

/// Decides again which lattice vectors the frames of the last two blocks stand at, now that there are more of them.
bool FinePass::settle(Block& block) {
  std::vector<Block*> blocks;
  for (Block& earlier : ring) {
    blocks.push_back(&earlier);
  }
  blocks.push_back(&block);
  std::vector<detail::SettledFrame> frames;
  std::vector<std::pair<Block*, std::size_t>> at;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (std::size_t i = 0; i < blocks[b]->spectra.size(); ++i) {
      const std::size_t frame = blocks[b]->first + i;
      const bool doubtful = std::any_of(w.ambiguous.begin(), w.ambiguous.end(),
                                        [&](const AmbiguousJump& jump) { return jump.frame == frame; });
      frames.push_back({.spectrum = &blocks[b]->spectra[i],
                        .window = w.position[frame],
                        .place = {static_cast<double>(w.field.offset[frame][0]) + w.position[frame][0],
                                  static_cast<double>(w.field.offset[frame][1]) + w.position[frame][1]},
                        .pause = w.pause[frame],
                        .good = w.good[frame] != 0,
                        .doubtful = doubtful,
                        .final = b + 2 < blocks.size()});
      at.emplace_back(blocks[b], i);
    }
  }
  const detail::TrackerOptions how = tracker_options();
  detail::Settled settled = detail::settle(w.band, w.spectra, frames,
                                           {.lowest = w.lowest(),
                                            .taper = w.options.taper,
                                            .search_y_px = how.search_y_px,
                                            .search_x_px = how.search_x_px,
                                            .jump_px = how.jump_px,
                                            .apart_px = how.apart_px});
  const std::size_t first_in_play = ring.empty() ? block.first : ring.back().first;
  std::erase_if(w.ambiguous, [&](const AmbiguousJump& jump) { return jump.frame >= first_in_play; });
  Spectrum mean(w.band.size());
  std::vector<std::array<double, 2>> positions;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    auto& [of, i] = at[f];
    const std::size_t frame = of->first + i;
    if (!settled.choices[f].empty() && !frames[f].final) {
      AmbiguousJump jump{.frame = frame};
      for (const detail::Choice& c : settled.choices[f]) {
        jump.choices.push_back({c.dy, c.dx, c.probability});
      }
      w.ambiguous.push_back(std::move(jump));
    }
    if (settled.changed) {
      move(w, of->spectra[i], frame, settled.shift[f]);
      if (frames[f].good) {
        std::transform(mean.begin(), mean.end(), of->spectra[i].begin(), mean.begin(), std::plus<>{});
        positions.push_back(w.position[frame]);
      }
    }
  }
  if (settled.changed) {
    const auto share = static_cast<float>(1.0 / static_cast<double>(positions.size()));
    std::transform(mean.begin(), mean.end(), mean.begin(), [&](std::complex<float> s) { return share * s; });
    tracker.settle(settled.shift.back(), std::move(mean), static_cast<double>(positions.size()), positions);
  }
  return settled.changed;
}

/// Aligns every frame of a block of the ring with the mean of all good frames of the ring but itself.
void FinePass::finish(std::size_t index) {
  Block& block = ring[index];
  Spectrum total(w.band.size());
  Mixture groups;
  for (const Block& other : ring) {
    for (std::size_t i = 0; i < other.spectra.size(); ++i) {
      if (w.good[other.first + i] != 0) {
        std::transform(total.begin(), total.end(), other.spectra[i].begin(), total.begin(), std::plus<>{});
      }
    }
    groups.groups[groups.count++] = {other.first / static_cast<std::size_t>(w.options.anchor), other.good};
  }
  mixture.push_back(groups);
  parallel_chunks(w.run, block.spectra.size(), 1, [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const std::size_t frame = block.first + i;
      Spectrum others = total;
      if (w.good[frame] != 0) {
        std::transform(others.begin(), others.end(), block.spectra[i].begin(), others.begin(), std::minus<>{});
      }
      const Alignment found = detail::align(w.band, weights, block.spectra[i], others, {0.0, 0.0}, w.reach);
      w.good[frame] = w.good[frame] != 0 && found.converged ? 1 : 0;
      w.frames[frame].correlation = found.correlation;
      w.frames[frame].sigma_y_px = std::sqrt(found.var_y);
      w.frames[frame].sigma_x_px = std::sqrt(found.var_x);
      if (w.good[frame] != 0) {
        move(w, block.spectra[i], frame, {found.dy, found.dx});
      }
    }
  });
  Spectrum sum(w.band.size());
  double good = 0.0;
  for (std::size_t i = 0; i < block.spectra.size(); ++i) {
    if (w.good[block.first + i] != 0) {
      std::transform(sum.begin(), sum.end(), block.spectra[i].begin(), sum.begin(), std::plus<>{});
      good += 1.0;
    }
  }
  std::transform(w.sum.begin(), w.sum.end(), sum.begin(), w.sum.begin(), std::plus<>{});
  if (w.options.mask) {
    w.parts.add(block.first, block.first + block.spectra.size(), good, sum);
  }
}

void FinePass::run() {
  const auto step = static_cast<std::size_t>(w.options.anchor);
  mixture.reserve((w.shape.frames + step - 1) / step);
  w.sum.assign(w.band.size(), {});
  w.brightness = Buffer<double, 2>({w.field.rows, w.field.columns});
  for (std::size_t begin = 0; begin < w.shape.frames; begin += step) {
    w.run.check_stop();
    w.run.progress(0.4 + 0.55 * static_cast<double>(begin) / static_cast<double>(w.shape.frames), "positions");
    Block block = read(begin, std::min(step, w.shape.frames - begin));
    follow(block);
    ring.push_back(std::move(block));
    if (ring.size() > ring_blocks) {
      ring.pop_front();
    }
    if (ring.size() > 1) {
      finish(ring.size() - 2);
    }
  }
  finish(ring.size() - 1);
  const std::vector<std::array<double, 2>> correction = tree.solve();
  for (std::size_t b = 0; b < mixture.size(); ++b) {
    std::array<double, 2> by{};
    double frames = 0.0;
    for (const auto& [group, n] : std::span(mixture[b].groups).first(mixture[b].count)) {
      by[0] += n * correction[group][0];
      by[1] += n * correction[group][1];
      frames += n;
    }
    for (std::size_t i = b * step; i < std::min((b + 1) * step, w.shape.frames) && frames > 0.0; ++i) {
      w.position[i][0] += by[0] / frames;
      w.position[i][1] += by[1] / frames;
    }
  }
  w.anchor_variance = tree.variance();
  detail::drop_uncorrelated(w.frames, lost_share, w.good);
}

}  // namespace

Registration register_series(const signal::Signal& series, const RegistrationOptions& options, Run& caller) {
  Run run = caller;  // fewer threads when memory is short
  Work w{
      .series = series, .shape = shape_of(series, 4), .options = options, .run = run, .pause = detail::pauses(series)};
  detail::fit_coarse(w);
  coarse_drift(w);
  const num::RealFft2 fft(w.field.rows, w.field.columns);
  measure_spectra(w, fft);
  detail::fit_fine(w);
  FinePass fine(w, fft);
  fine.run();
  Registration out;
  out.anchors = fine.tree.groups();
  if (options.mask) {
    out.regions = detail::mask_evolving(w, fft);
  }
  detail::place_noise(w, fft);
  const std::size_t zero = static_cast<std::size_t>(std::find(w.good.begin(), w.good.end(), 1) - w.good.begin());
  if (zero == w.shape.frames) {
    throw Error(Errc::refused, Location{.file = series.file}, "no frame could be registered to its neighbours",
                "Look at the frames: is there structure in them?");
  }
  const auto place = [&](std::size_t i, std::size_t axis) {
    return static_cast<double>(w.field.offset[i][axis]) + w.position[i][axis];
  };
  for (std::size_t i = 0; i < w.shape.frames; ++i) {
    FrameDrift& frame = w.frames[i];
    frame.dy_px = place(i, 0) - place(zero, 0);
    frame.dx_px = place(i, 1) - place(zero, 1);
    frame.sigma_y_px = std::sqrt(w.noise_factor[0] * (frame.sigma_y_px * frame.sigma_y_px + w.anchor_variance));
    frame.sigma_x_px = std::sqrt(w.noise_factor[1] * (frame.sigma_x_px * frame.sigma_x_px + w.anchor_variance));
    frame.flags |= w.good[i] == 0 ? static_cast<std::uint32_t>(frame_lost) : 0U;
    frame.flags |= w.field.clipped[i] != 0 ? static_cast<std::uint32_t>(frame_clipped) : 0U;
  }
  for (const AmbiguousJump& jump : w.ambiguous) {
    w.frames[jump.frame].flags |= static_cast<std::uint32_t>(frame_ambiguous);
  }
  detail::widen_lost(w.frames);
  detail::add_scan_sigma(w, w.frames);
  detail::set_flags(w.frames);
  out.ambiguous = std::move(w.ambiguous);
  out.frames = std::move(w.frames);
  out.detector = w.detector;
  out.cutoff_cycles_per_px = w.cutoff;
  out.bound_px = detail::cramer_rao_px(w);
  return out;
}

}  // namespace hotstage::series
