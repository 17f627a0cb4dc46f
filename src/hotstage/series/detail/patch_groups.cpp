// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/patch_groups.hpp"

#include "hotstage/core/clones.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace hotstage::series::detail {

namespace {

constexpr long side = 8;
constexpr std::size_t area = 64;
constexpr long step = 4;      // between stacks
constexpr long reach = 8;     // of the search for like stacks
constexpr long band_px = 32;  // see filter_window
constexpr std::size_t most_group = 16;

struct Tables {
  alignas(64) std::array<float, area> forward{};  ///< row k: cosine of order k
  alignas(64) std::array<float, area> back{};
  alignas(64) std::array<float, area> taper{};

  Tables() {
    for (std::size_t k = 0; k < 8; ++k) {
      for (std::size_t i = 0; i < 8; ++i) {
        const double scale = k == 0 ? std::sqrt(0.125) : 0.5;
        const double value =
            scale * std::cos(std::numbers::pi * static_cast<double>(k) * (static_cast<double>(i) + 0.5) / 8.0);
        forward[k * 8 + i] = static_cast<float>(value);
        back[i * 8 + k] = static_cast<float>(value);
        // Patches count less at their edges; the sine never reaches zero.
        const double edge = std::sin(std::numbers::pi * (static_cast<double>(i) + 1.0) / 9.0);
        const double other = std::sin(std::numbers::pi * (static_cast<double>(k) + 1.0) / 9.0);
        taper[k * 8 + i] = static_cast<float>(edge * other);
      }
    }
  }
};

/// left · patch · right, 8 × 8 each.
inline void sandwich(const float* left, float* patch, const float* right) {
  alignas(64) std::array<float, area> half;
  for (std::size_t i = 0; i < 8; ++i) {
    alignas(32) std::array<float, 8> row{};
    for (std::size_t j = 0; j < 8; ++j) {
      const float a = left[i * 8 + j];
      for (std::size_t c = 0; c < 8; ++c) {
        row[c] += a * patch[j * 8 + c];
      }
    }
    std::copy_n(row.data(), 8, half.data() + i * 8);
  }
  for (std::size_t i = 0; i < 8; ++i) {
    alignas(32) std::array<float, 8> row{};
    for (std::size_t j = 0; j < 8; ++j) {
      const float a = half[i * 8 + j];
      for (std::size_t c = 0; c < 8; ++c) {
        row[c] += a * right[j * 8 + c];
      }
    }
    std::copy_n(row.data(), 8, patch + i * 8);
  }
}

/// Orthonormal Haar transform over `count` patches (a power of two) that lie `stride` floats apart, in place: sums to
/// the front, differences behind. `work` holds count · 64 floats.
inline void haar(float* data, std::size_t count, std::size_t stride, bool inverse, float* work) {
  constexpr float half_root = 0.70710678F;
  const auto level = [&](std::size_t n) {
    for (std::size_t i = 0; i < n / 2; ++i) {
      const float* const a = inverse ? data + i * stride : data + 2 * i * stride;
      const float* const b = inverse ? data + (n / 2 + i) * stride : data + (2 * i + 1) * stride;
      float* const p = work + (inverse ? 2 * i : i) * area;
      float* const q = work + (inverse ? 2 * i + 1 : n / 2 + i) * area;
      for (std::size_t c = 0; c < area; ++c) {
        p[c] = half_root * (a[c] + b[c]);
        q[c] = half_root * (a[c] - b[c]);
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      std::copy_n(work + i * area, area, data + i * stride);
    }
  };
  if (inverse) {
    for (std::size_t n = 2; n <= count; n *= 2) {
      level(n);
    }
  } else {
    for (std::size_t n = count; n >= 2; n /= 2) {
      level(n);
    }
  }
}

struct Block {
  std::size_t stacks = 1;
  std::size_t frames = 1;
};

HOTSTAGE_CLONES void transform(float* group, Block size, const Tables& tables, float* work) {
  for (std::size_t i = 0; i < size.stacks * size.frames; ++i) {
    sandwich(tables.forward.data(), group + i * area, tables.back.data());
  }
  for (std::size_t k = 0; k < size.stacks; ++k) {
    haar(group + k * size.frames * area, size.frames, area, false, work);
  }
  for (std::size_t t = 0; t < size.frames; ++t) {
    haar(group + t * area, size.stacks, size.frames * area, false, work);
  }
}

HOTSTAGE_CLONES void transform_back(float* group, Block size, const Tables& tables, float* work) {
  for (std::size_t t = 0; t < size.frames; ++t) {
    haar(group + t * area, size.stacks, size.frames * area, true, work);
  }
  for (std::size_t k = 0; k < size.stacks; ++k) {
    haar(group + k * size.frames * area, size.frames, area, true, work);
  }
  for (std::size_t i = 0; i < size.stacks * size.frames; ++i) {
    sandwich(tables.back.data(), group + i * area, tables.forward.data());
  }
}

/// Both return the noise variance left: the sum of the squared weights. The mean of the group always stays.
HOTSTAGE_CLONES float shrink_hard(float* group, std::size_t count, float threshold) {
  const float mean = group[0];
  float kept = 0.0F;
  for (std::size_t i = 0; i < count; ++i) {
    const bool keep = std::abs(group[i]) > threshold;
    group[i] = keep ? group[i] : 0.0F;
    kept += keep ? 1.0F : 0.0F;
  }
  group[0] = mean;
  return kept;
}

HOTSTAGE_CLONES float shrink_wiener(float* group, const float* pilot, std::size_t count) {
  float kept = 0.0F;
  for (std::size_t i = 0; i < count; ++i) {
    const float power = pilot[i] * pilot[i];
    const float w = power / (power + 1.0F);
    group[i] *= w;
    kept += w * w;
  }
  return kept;
}

HOTSTAGE_CLONES float distance(const float* a, const float* b, std::size_t columns) {
  alignas(32) std::array<float, 8> sum{};
  for (long y = 0; y < side; ++y) {
    for (std::size_t c = 0; c < 8; ++c) {
      const float d = a[static_cast<std::size_t>(y) * columns + c] - b[static_cast<std::size_t>(y) * columns + c];
      sum[c] += d * d;
    }
  }
  float out = 0.0F;
  for (const float s : sum) {
    out += s;
  }
  return out / static_cast<float>(area);
}

using Place = std::array<long, 2>;

/// The field that any of the frames shows, in coordinates of the specimen.
struct Canvas {
  Place first{};
  std::size_t rows = 0;
  std::size_t columns = 0;
  Buffer<float, 2> mean;     ///< of the frames that cover a place
  Buffer<float, 2> covered;  ///< frames that do
};

struct Pass {
  std::span<const PatchFrame> frames;
  std::span<const View<const float, 2>> pilot;  ///< empty in the first pass
  std::span<const View<float, 2>> sum;
  std::span<const View<float, 2>> weight;
  PatchOptions options;
  const Canvas& canvas;
  const Tables& tables;
  double alike = 0.0;  ///< mean squared difference below which stacks are alike
};

Canvas make_canvas(std::span<const PatchFrame> frames) {
  const auto rows = static_cast<long>(frames.front().noisy.extent(0));
  const auto columns = static_cast<long>(frames.front().noisy.extent(1));
  Place low{-frames.front().shift[0], -frames.front().shift[1]};
  Place high = low;
  for (const PatchFrame& frame : frames) {
    for (std::size_t a = 0; a < 2; ++a) {
      low[a] = std::min(low[a], -frame.shift[a]);
      high[a] = std::max(high[a], -frame.shift[a]);
    }
  }
  Canvas out{.first = low};
  out.rows = static_cast<std::size_t>(rows + high[0] - low[0]);
  out.columns = static_cast<std::size_t>(columns + high[1] - low[1]);
  out.mean = Buffer<float, 2>({out.rows, out.columns});
  out.covered = Buffer<float, 2>({out.rows, out.columns});
  return out;
}

/// Mean of `images` (noisy frames or their first estimates) in coordinates of the specimen.
void fill_canvas(Canvas& canvas, std::span<const PatchFrame> frames, std::span<const View<const float, 2>> images,
                 const Run& run) {
  parallel_chunks(run, canvas.rows, static_cast<std::size_t>(band_px), [&](std::size_t begin, std::size_t end) {
    for (std::size_t y = begin; y < end; ++y) {
      const auto mean = canvas.mean.row(y);
      const auto covered = canvas.covered.row(y);
      std::fill(mean.begin(), mean.end(), 0.0F);
      std::fill(covered.begin(), covered.end(), 0.0F);
      for (std::size_t t = 0; t < frames.size(); ++t) {
        const long fy = static_cast<long>(y) + canvas.first[0] + frames[t].shift[0];
        if (fy < 0 || fy >= static_cast<long>(images[t].extent(0))) {
          continue;
        }
        const auto from = images[t].row(static_cast<std::size_t>(fy));
        const auto left = static_cast<std::size_t>(-(canvas.first[1] + frames[t].shift[1]));
        for (std::size_t x = 0; x < from.size(); ++x) {
          mean[left + x] += from[x];
          covered[left + x] += 1.0F;
        }
      }
      for (std::size_t x = 0; x < mean.size(); ++x) {
        mean[x] /= std::max(1.0F, covered[x]);
      }
    }
  });
}

/// Upper left pixel of the stack's patch in a frame, moved inside where it leaves it.
struct Corner {
  std::size_t y = 0;
  std::size_t x = 0;
  bool near = false;  ///< moved by less than a step: counts for this frame
};

Corner corner_in(const PatchFrame& frame, const Canvas& canvas, Place place) {
  const Place want{place[0] + canvas.first[0] + frame.shift[0], place[1] + canvas.first[1] + frame.shift[1]};
  const long y = std::clamp(want[0], 0L, static_cast<long>(frame.noisy.extent(0)) - side);
  const long x = std::clamp(want[1], 0L, static_cast<long>(frame.noisy.extent(1)) - side);
  return {static_cast<std::size_t>(y), static_cast<std::size_t>(x),
          std::abs(y - want[0]) < step && std::abs(x - want[1]) < step};
}

struct Alike {
  float distance = 0.0F;
  Place place{};
};

/// Works on the stacks of a band with buffers of its own.
class Worker {
 public:
  explicit Worker(const Pass& pass)
      : pass_(pass),
        group_(most_group * pass.frames.size() * area),
        pilot_(pass.pilot.empty() ? 0 : group_.size()),
        work_(most_stack_frames * area) {}

  void stack(Place place) {
    if (!counts(place)) {
      return;
    }
    find_alike(place);
    const Block size{.stacks = members_.size(), .frames = pass_.frames.size()};
    const std::size_t count = size.stacks * size.frames * area;
    corners_.clear();
    for (const Alike& member : members_) {
      for (const PatchFrame& frame : pass_.frames) {
        corners_.push_back(corner_in(frame, pass_.canvas, member.place));
      }
    }
    for (std::size_t i = 0; i < corners_.size(); ++i) {
      load(pass_.frames[i % size.frames].noisy, corners_[i], group_.data() + i * area);
    }
    transform(group_.data(), size, pass_.tables, work_.data());
    float kept = 0.0F;
    if (pass_.pilot.empty()) {
      kept = shrink_hard(group_.data(), count, static_cast<float>(pass_.options.threshold));
    } else {
      for (std::size_t i = 0; i < corners_.size(); ++i) {
        load(pass_.pilot[i % size.frames], corners_[i], pilot_.data() + i * area);
      }
      transform(pilot_.data(), size, pass_.tables, work_.data());
      kept = shrink_wiener(group_.data(), pilot_.data(), count);
    }
    transform_back(group_.data(), size, pass_.tables, work_.data());
    const float weight = 1.0F / std::max(1.0F, kept);
    for (std::size_t i = 0; i < corners_.size(); ++i) {
      if (corners_[i].near) {
        add(i % size.frames, corners_[i], group_.data() + i * area, weight);
      }
    }
  }

 private:
  [[nodiscard]] bool counts(Place place) const {
    return std::any_of(pass_.frames.begin(), pass_.frames.end(),
                       [&](const PatchFrame& frame) { return corner_in(frame, pass_.canvas, place).near; });
  }

  void find_alike(Place place) {
    members_.clear();
    members_.push_back({0.0F, place});
    const Canvas& canvas = pass_.canvas;
    const float* const own = canvas.mean.row(static_cast<std::size_t>(place[0])).data() + place[1];
    for (long y = std::max(0L, place[0] - reach);
         pass_.options.group > 1 && y <= std::min(static_cast<long>(canvas.rows) - side, place[0] + reach); ++y) {
      for (long x = std::max(0L, place[1] - reach);
           x <= std::min(static_cast<long>(canvas.columns) - side, place[1] + reach); ++x) {
        if ((y == place[0] && x == place[1]) ||
            canvas.covered.view()(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) == 0.0F) {
          continue;
        }
        const float d = distance(own, canvas.mean.row(static_cast<std::size_t>(y)).data() + x, canvas.columns);
        if (static_cast<double>(d) < pass_.alike) {
          members_.push_back({d, {y, x}});
        }
      }
    }
    std::size_t count = 1;
    while (2 * count <= std::min(members_.size(), pass_.options.group)) {
      count *= 2;
    }
    std::partial_sort(members_.begin() + 1, members_.begin() + static_cast<long>(count), members_.end(),
                      [](const Alike& a, const Alike& b) {
                        return a.distance != b.distance ? a.distance < b.distance : a.place < b.place;
                      });
    members_.resize(count);
  }

  static void load(View<const float, 2> image, const Corner& corner, float* to) {
    for (std::size_t y = 0; y < 8; ++y) {
      std::copy_n(image.row(corner.y + y).data() + corner.x, 8, to + y * 8);
    }
  }

  void add(std::size_t frame, const Corner& corner, const float* patch, float weight) const {
    for (std::size_t y = 0; y < 8; ++y) {
      float* const sum = pass_.sum[frame].row(corner.y + y).data() + corner.x;
      float* const weights = pass_.weight[frame].row(corner.y + y).data() + corner.x;
      for (std::size_t x = 0; x < 8; ++x) {
        const float w = weight * pass_.tables.taper[y * 8 + x];
        sum[x] += w * patch[y * 8 + x];
        weights[x] += w;
      }
    }
  }

  const Pass& pass_;
  std::vector<float> group_;
  std::vector<float> pilot_;
  std::vector<float> work_;
  std::vector<Alike> members_;
  std::vector<Corner> corners_;
};

/// Where stacks begin along an axis: every step, and at the end.
std::vector<long> places(std::size_t size) {
  const long last = static_cast<long>(size) - side;
  std::vector<long> out;
  for (long p = 0; p < last; p += step) {
    out.push_back(p);
  }
  out.push_back(last);
  return out;
}

void filter(const Pass& pass, const Run& run) {
  const std::vector<long> ys = places(pass.canvas.rows);
  const std::vector<long> xs = places(pass.canvas.columns);
  const std::size_t bands = static_cast<std::size_t>(ys.back() / band_px) + 1;
  for (std::size_t turn = 0; turn < 2; ++turn) {
    parallel_chunks(run, (bands + 1 - turn) / 2, 1, [&](std::size_t begin, std::size_t end) {
      Worker worker(pass);
      for (std::size_t b = begin; b < end; ++b) {
        const long top = static_cast<long>(2 * b + turn) * band_px;
        for (const long y : ys) {
          for (const long x : xs) {
            if (y >= top && y < top + band_px) {
              worker.stack({y, x});
            }
          }
        }
      }
    });
  }
}

}  // namespace

void filter_window(std::span<const PatchFrame> frames, const PatchOptions& options, const Run& run) {
  HOTSTAGE_EXPECTS(!frames.empty() && frames.size() <= most_stack_frames && options.group <= most_group);
  // Bands of one turn begin 2 band_px apart; patches begin up to `reach`, and `step` − 1 at an edge, outside their
  // band.
  static_assert(band_px > 2 * (reach + step - 1) + side - 2);
  const Tables tables;
  const std::size_t rows = frames.front().noisy.extent(0);
  const std::size_t columns = frames.front().noisy.extent(1);
  Buffer<float, 2> first({frames.size() * rows, columns});
  Buffer<float, 2> first_weight({frames.size() * rows, columns});
  std::vector<View<const float, 2>> noisy, pilot;
  std::vector<View<float, 2>> first_sums, first_weights, sums, weights;
  for (std::size_t t = 0; t < frames.size(); ++t) {
    noisy.push_back(frames[t].noisy);
    first_sums.push_back(first.view().rows(t * rows, rows));
    pilot.emplace_back(first_sums.back());
    first_weights.push_back(first_weight.view().rows(t * rows, rows));
    sums.push_back(frames[t].sum);
    weights.push_back(frames[t].weight);
  }
  Canvas canvas = make_canvas(frames);
  fill_canvas(canvas, frames, noisy, run);
  // Two means of n frames of unit noise differ by 2/n, and by half as much again in 64 px now and then.
  constexpr double now_and_then = 1.6;
  const double noise = 2.0 / static_cast<double>(frames.size());
  filter({frames, {}, first_sums, first_weights, options, canvas, tables, now_and_then * noise}, run);
  parallel_chunks(run, first.extent(0), static_cast<std::size_t>(band_px), [&](std::size_t begin, std::size_t end) {
    for (std::size_t y = begin; y < end; ++y) {
      for (std::size_t x = 0; x < columns; ++x) {
        first.view()(y, x) /= first_weight.view()(y, x);
      }
    }
  });
  fill_canvas(canvas, frames, pilot, run);
  constexpr double alike = 0.1;  // of what the first pass leaves
  filter({frames, pilot, sums, weights, options, canvas, tables, alike}, run);
}

}  // namespace hotstage::series::detail
