// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/ticks.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::report::detail {

namespace {

std::string power_of_ten(int exponent) {
  return fmt::format("10^{{{}{}}}", exponent < 0 ? "−" : "", std::abs(exponent));
}

struct Step {
  double size = 1.0;
  int minor = 5;  ///< parts of a step
};

Step nice_step(double span, int count) {
  const double raw = span / std::max(1, count);
  const double decade = std::pow(10.0, std::floor(std::log10(raw)));
  const double mantissa = raw / decade;
  if (mantissa < 1.5) {  // the nearest of 1, 2, 5 and 10 on a logarithmic scale
    return {decade, 5};
  }
  if (mantissa < 3.2) {
    return {2.0 * decade, 4};
  }
  return mantissa < 7.1 ? Step{5.0 * decade, 5} : Step{10.0 * decade, 5};
}

/// Multiple of three when plain numbers would be long or tiny, else 0.
int shown_exponent(double largest) {
  constexpr double longest_plain = 1e4;
  constexpr double smallest_plain = 1e-2;
  if (largest >= longest_plain || (largest > 0.0 && largest < smallest_plain)) {
    return static_cast<int>(std::floor(std::log10(largest) / 3.0)) * 3;
  }
  return 0;
}

}  // namespace

std::string with_minus(std::string text) {
  if (text.starts_with('-')) {
    text.replace(0, 1, "−");
  }
  return text;
}

Ticks linear_ticks(double low, double high, int count) {
  HOTSTAGE_EXPECTS(low < high);
  Ticks ticks;
  const Step step = nice_step(high - low, count);
  if (!(step.size > 0.0) || !std::isfinite(step.size) || low + step.size == low || high + step.size == high) {
    ticks.major.push_back({low, with_minus(fmt::format("{:.6g}", low))});
    return ticks;
  }
  ticks.exponent = shown_exponent(std::max(std::abs(low), std::abs(high)));
  const double unit = std::pow(10.0, ticks.exponent);
  const int decimals = std::clamp(-static_cast<int>(std::floor(std::log10(step.size / unit) + 1e-9)), 0, 12);
  const double slack = 1e-9 * step.size;
  const double small = step.size / step.minor;
  const auto first = static_cast<long long>(std::ceil((low - slack) / small));
  const auto last = static_cast<long long>(std::floor((high + slack) / small));
  for (long long i = first; i <= last; ++i) {
    const double value = static_cast<double>(i) * small;
    if (i % step.minor == 0) {
      const std::string label = fmt::format("{:.{}f}", i == 0 ? 0.0 : value / unit, decimals);
      ticks.major.push_back({i == 0 ? 0.0 : value, with_minus(label)});
    } else {
      ticks.minor.push_back(value);
    }
  }
  return ticks;
}

Ticks log_ticks(double low, double high, int count) {
  HOTSTAGE_EXPECTS(0.0 < low && low < high);
  constexpr double one_decade = 1.0;
  const double decades = std::log10(high / low);
  if (decades < one_decade) {
    Ticks ticks = linear_ticks(low, high, std::min(count, 4));
    std::erase_if(ticks.major, [](const Tick& tick) { return !(tick.value > 0.0); });
    return ticks;
  }
  Ticks ticks;
  const int first = static_cast<int>(std::floor(std::log10(low)));
  const int last = static_cast<int>(std::floor(std::log10(high) + 1e-9));
  const int every = std::max(1, static_cast<int>(std::ceil(decades / std::max(2, count))));
  const bool plain = first >= -2 && last <= 3;
  const bool few = decades < 2.0;
  for (int exponent = first; exponent <= last; ++exponent) {
    const double decade = std::pow(10.0, exponent);
    for (int digit = 1; digit < 10; ++digit) {
      const double value = digit * decade;
      const bool labelled = digit == 1 ? exponent % every == 0 : few && plain && (digit == 2 || digit == 5);
      if (value < low * (1.0 - 1e-9) || value > high * (1.0 + 1e-9)) {
        continue;
      }
      if (labelled) {
        ticks.major.push_back({value, plain ? fmt::format("{:g}", value) : power_of_ten(exponent)});
      } else if (every == 1 || digit == 1) {
        ticks.minor.push_back(value);
      }
    }
  }
  return ticks;
}

std::string number_text(double number, int digits) {
  if (!std::isfinite(number)) {
    return "–";
  }
  if (number == 0.0) {
    return "0";
  }
  const auto trimmed = [](std::string text) {
    if (text.find('.') != std::string::npos) {
      text.erase(text.find_last_not_of('0') + 1);
      text.erase(text.find_last_not_of('.') + 1);
    }
    return with_minus(std::move(text));
  };
  const std::string scientific = fmt::format("{:.{}e}", number, std::max(0, digits - 1));
  const std::size_t at = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(at + 1));
  constexpr int longest_plain = 6;
  constexpr int smallest_plain = -4;
  if (exponent >= std::max(digits, longest_plain) || exponent < smallest_plain) {
    return trimmed(scientific.substr(0, at)) + "×" + power_of_ten(exponent);
  }
  return trimmed(fmt::format("{:.{}f}", number, std::max(0, digits - 1 - exponent)));
}

}  // namespace hotstage::report::detail
