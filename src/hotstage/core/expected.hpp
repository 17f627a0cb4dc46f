// SPDX-License-Identifier: GPL-3.0-or-later
// A value or an Error, for fan-outs where each item may fail on its own.

#pragma once

#include "hotstage/core/error.hpp"

#include <tl/expected.hpp>

#include <utility>

namespace hotstage {

template <class T>
using Expected = tl::expected<T, Error>;

/// Runs `work` and keeps its Error as a value. Anything else (our own bugs) passes through.
template <class F>
auto attempt(F&& work) -> Expected<decltype(work())> {
  try {
    return std::forward<F>(work)();
  } catch (const Error& error) {
    return tl::unexpected(error);
  }
}

}  // namespace hotstage
