// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/clock.hpp"

#include "hotstage/io/delimited.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cmath>

namespace hotstage::signal {

namespace {

constexpr double hour_s = 3600.0;
constexpr double minute_s = 60.0;
constexpr double day_s = 86400.0;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Words between blanks, commas and the T of ISO 8601.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool iso = c == 'T' && i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (c == ' ' || c == '\t' || c == ',' || c == '\r' || c == '\n' || iso) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  std::erase(out, std::string());
  return out;
}

/// Non-negative whole numbers between separators; nothing for anything else.
std::optional<std::vector<int>> integers(std::string_view text, char separator) {
  std::vector<int> out;
  constexpr std::size_t longest = 9;
  for (;;) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, end);
    if (part.empty() || part.size() > longest || !std::ranges::all_of(part, is_digit)) {
      return std::nullopt;
    }
    int value = 0;
    for (const char c : part) {
      value = 10 * value + (c - '0');
    }
    out.push_back(value);
    if (end == text.size()) {
      return out;
    }
    text.remove_prefix(end + 1);
  }
}

std::optional<long long> day_number(int year, int month, int day) {
  constexpr int century = 100;
  const std::chrono::year_month_day date{std::chrono::year(year < century ? 2000 + year : year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return date.ok() ? std::optional<long long>(std::chrono::sys_days(date).time_since_epoch().count()) : std::nullopt;
}

/// "2021-03-04", "04.03.2021", "16/04/'15": the number of four digits is the year.
std::optional<long long> date_of(std::string text, DayOrder order) {
  std::erase(text, '\'');
  constexpr int first_year = 1000;
  for (const char separator : {'-', '/', '.', ':'}) {
    const auto parts = integers(text, separator);
    if (!parts || parts->size() != 3) {
      continue;
    }
    const auto& p = *parts;
    if (p[0] >= first_year) {
      return day_number(p[0], p[1], p[2]);
    }
    if (separator == ':') {
      return std::nullopt;  // a time
    }
    // With dots the day comes first everywhere.
    const bool day_first = separator == '.' || order == DayOrder::day_first;
    return day_first ? day_number(p[2], p[1], p[0]) : day_number(p[2], p[0], p[1]);
  }
  return std::nullopt;
}

/// "5:36:11", "13:40:25.811", "13:54:37,68", "05:06:07.8Z", "05:06:07+02:00".
std::optional<double> time_of(std::string text) {
  if (const std::size_t zone = text.find_first_of("Zz+-"); zone != std::string::npos && zone > 0) {
    text.resize(zone);
  }
  std::ranges::replace(text, ',', '.');
  const std::size_t first = text.find(':');
  if (first == std::string::npos) {
    return std::nullopt;
  }
  const std::size_t second = text.find(':', first + 1);
  const auto part = [&](std::size_t from, std::size_t to) -> std::optional<double> {
    const std::string piece = text.substr(from, to - from);
    const bool plain = !piece.empty() && is_digit(piece.front()) &&
                       std::ranges::all_of(piece, [](char c) { return is_digit(c) || c == '.'; });
    return plain ? io::parse_number(piece) : std::nullopt;
  };
  const auto hours = part(0, first);
  const auto minutes = part(first + 1, std::min(second, text.size()));
  const auto seconds = second == std::string::npos ? std::optional(0.0) : part(second + 1, text.size());
  if (!hours || !minutes || !seconds || *hours >= 24.0 || *minutes >= 60.0 || *seconds >= 61.0) {
    return std::nullopt;
  }
  return *hours * hour_s + *minutes * minute_s + *seconds;
}

std::optional<int> month_of(const std::string& word) {
  static constexpr std::array months{"jan", "feb", "mar", "apr", "may", "jun",
                                     "jul", "aug", "sep", "oct", "nov", "dec"};
  constexpr std::size_t letters = 3;
  const auto* found = std::ranges::find(months, lower(word).substr(0, letters));
  return found == months.end() ? std::nullopt : std::optional(static_cast<int>(found - months.begin()) + 1);
}

/// Whole readings in one order of day and month.
std::vector<ClockReading> read_all_clocks(std::span<const std::string> readings, DayOrder order) {
  std::vector<ClockReading> out;
  for (const std::string& text : readings) {
    const auto reading = read_clock(text, order);
    if (!reading || (!out.empty() && out.front().day.has_value() != reading->day.has_value())) {
      return {};
    }
    out.push_back(*reading);
  }
  return out;
}

/// Empty when time runs backwards.
std::vector<double> seconds_from_first(const std::vector<ClockReading>& readings) {
  std::vector<double> out;
  double midnights = 0.0;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (i > 0 && !readings[i].day && readings[i].second < readings[i - 1].second - 0.5 * day_s) {
      midnights += 1.0;
    }
    const double days = readings[i].day ? static_cast<double>(*readings[i].day - *readings.front().day) : midnights;
    out.push_back(days * day_s + readings[i].second - readings.front().second);
    if (i > 0 && out[i] < out[i - 1]) {
      return {};
    }
  }
  return out;
}

}  // namespace

std::optional<ClockReading> read_clock(std::string_view text, DayOrder order) {
  std::optional<long long> day;
  std::optional<double> second;
  std::optional<int> month;
  std::optional<int> day_of_month;
  std::optional<int> year;
  std::optional<bool> afternoon;
  for (const std::string& word : words_of(text)) {
    const std::string small = lower(word);
    if (small == "am" || small == "pm") {
      afternoon = small == "pm";
    } else if (const auto date = date_of(word, order); date && !day) {
      day = date;
    } else if (const auto time = time_of(word); time && !second) {
      second = time;
    } else if (const auto number = integers(word, ' '); number) {
      constexpr int last_day = 31;
      (number->front() > last_day ? year : day_of_month) = number->front();
    } else if (const auto named = month_of(word); named && !month) {
      month = named;
    }
  }
  if (!day && month && day_of_month && year) {
    day = day_number(*year, *month, *day_of_month);
  }
  // A date that cannot be read is not the same as none.
  const bool dated = text.find_first_of("/-") != std::string_view::npos || year.has_value();
  if (!second || (!day && dated)) {
    return std::nullopt;
  }
  if (afternoon) {
    constexpr double noon_s = 12.0 * hour_s;
    if (*second >= noon_s + hour_s) {
      return std::nullopt;
    }
    *second = std::fmod(*second, noon_s) + (*afternoon ? noon_s : 0.0);
  }
  return ClockReading{day, *second};
}

std::vector<double> elapsed_s(std::span<const std::string> readings) {
  std::vector<double> best;
  for (const DayOrder order : {DayOrder::month_first, DayOrder::day_first}) {
    std::vector<double> found = seconds_from_first(read_all_clocks(readings, order));
    if (!found.empty() && (best.empty() || found.back() < best.back())) {
      best = std::move(found);
    }
  }
  return best;
}

std::string acquisition_clock(const Signal& signal) {
  constexpr double ticks_per_s = 1e7;
  constexpr double epoch_s = 11644473600.0;  // 1970-01-01 counted from 1601-01-01
  for (const char* path :
       {"ImageTags.DataBar.Acquisition Time (OS)", "ImageTags.source.Tags at creation.DataBar.Acquisition Time (OS)"}) {
    const double seconds = signal.original.number_at(path).value_or(0.0) / ticks_per_s - epoch_s;
    constexpr double latest_s = 1e11;
    if (seconds > 0.0 && seconds < latest_s) {
      const double day = std::floor(seconds / day_s);
      const double rest = seconds - day * day_s;
      const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(static_cast<long long>(day)))};
      return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:09.6f}", static_cast<int>(date.year()),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                         static_cast<int>(rest / hour_s), static_cast<int>(std::fmod(rest, hour_s) / minute_s),
                         std::fmod(rest, minute_s));
    }
  }
  return signal.metadata.acquired;
}

}  // namespace hotstage::signal
