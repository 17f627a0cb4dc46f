// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/fft2.hpp"

#include "hotstage/num/detail/fftw_planner.hpp"

#include <fftw3.h>

namespace hotstage::num {

namespace {

template <class T>
bool contiguous(const View<T, 2>& view) {
  return view.strides()[1] == 1 && view.strides()[0] == static_cast<std::ptrdiff_t>(view.extent(1));
}

}  // namespace

struct RealFft2::Plans {
  fftwf_plan forward = nullptr;
  fftwf_plan inverse = nullptr;

  Plans(std::size_t rows, std::size_t columns) {
    Buffer<float, 1> real({rows * columns});
    Buffer<float, 1> half({2 * rows * (columns / 2 + 1)});
    auto* const complex = reinterpret_cast<fftwf_complex*>(half.data());
    const auto n_rows = static_cast<int>(rows);
    const auto n_columns = static_cast<int>(columns);
    const std::scoped_lock lock(detail::planner_mutex());
    forward = fftwf_plan_dft_r2c_2d(n_rows, n_columns, real.data(), complex, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
    inverse = fftwf_plan_dft_c2r_2d(n_rows, n_columns, complex, real.data(), FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
  }

  ~Plans() {
    const std::scoped_lock lock(detail::planner_mutex());
    fftwf_destroy_plan(forward);
    fftwf_destroy_plan(inverse);
  }

  Plans(const Plans&) = delete;
  Plans& operator=(const Plans&) = delete;
};

RealFft2::RealFft2(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns) {
  constexpr std::size_t limit = std::size_t{1} << 15;
  HOTSTAGE_EXPECTS(rows > 0 && columns > 0 && rows <= limit && columns <= limit);
  plans_ = std::make_unique<Plans>(rows, columns);
}

RealFft2::~RealFft2() = default;
RealFft2::RealFft2(RealFft2&&) noexcept = default;
RealFft2& RealFft2::operator=(RealFft2&&) noexcept = default;

void RealFft2::forward(View<const float, 2> in, View<std::complex<float>, 2> out) const {
  HOTSTAGE_EXPECTS(in.extent(0) == rows_ && in.extent(1) == columns_ && contiguous(in));
  HOTSTAGE_EXPECTS(out.extent(0) == rows_ && out.extent(1) == bins() && contiguous(out));
  auto* const source = const_cast<float*>(in.data());  // FFTW_PRESERVE_INPUT
  auto* const target = reinterpret_cast<float*>(out.data());
  HOTSTAGE_EXPECTS(fftwf_alignment_of(source) == 0 && fftwf_alignment_of(target) == 0);
  fftwf_execute_dft_r2c(plans_->forward, source, reinterpret_cast<fftwf_complex*>(target));
}

void RealFft2::inverse(View<std::complex<float>, 2> in, View<float, 2> out) const {
  HOTSTAGE_EXPECTS(out.extent(0) == rows_ && out.extent(1) == columns_ && contiguous(out));
  HOTSTAGE_EXPECTS(in.extent(0) == rows_ && in.extent(1) == bins() && contiguous(in));
  auto* const source = reinterpret_cast<float*>(in.data());
  HOTSTAGE_EXPECTS(fftwf_alignment_of(source) == 0 && fftwf_alignment_of(out.data()) == 0);
  fftwf_execute_dft_c2r(plans_->inverse, reinterpret_cast<fftwf_complex*>(source), out.data());
  const float scale = 1.0F / static_cast<float>(rows_ * columns_);
  for (std::size_t i = 0; i < rows_ * columns_; ++i) {
    out.data()[i] *= scale;
  }
}

}  // namespace hotstage::num
