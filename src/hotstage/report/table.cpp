// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/table.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/report/detail/page_parts.hpp"
#include "hotstage/report/detail/rich_text.hpp"
#include "hotstage/report/detail/ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace hotstage::report {

namespace {

constexpr std::size_t rows_at_first = 15;

/// Decimals that all plain numbers of a column share; nothing when their sizes differ too much for that.
std::optional<int> common_decimals(const Table& table, std::size_t index) {
  constexpr double widest_ratio = 1e3;
  double smallest = std::numeric_limits<double>::infinity();
  double largest = 0.0;
  int decimals = 0;
  for (const auto& row : table.rows) {
    const auto* number = std::get_if<double>(&row[index]);
    if (number == nullptr || !std::isfinite(*number) || *number == 0.0) {
      continue;
    }
    smallest = std::min(smallest, std::abs(*number));
    largest = std::max(largest, std::abs(*number));
    const std::string text = fmt::format("{:.{}g}", *number, table.columns[index].digits);
    const std::size_t point = text.find('.');
    if (text.find('e') != std::string::npos) {
      return std::nullopt;
    }
    decimals = std::max(decimals, point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1));
  }
  return largest > widest_ratio * smallest ? std::nullopt : std::optional(decimals);
}

/// Rich text of a cell.
std::string cell_text(const Cell& cell, const Column& column, std::optional<int> decimals) {
  struct Visitor {
    const Column& column;
    std::optional<int> decimals;

    std::string operator()(std::monostate) const { return {}; }

    std::string operator()(const std::string& text) const { return text; }

    std::string operator()(double number) const {
      return decimals && std::isfinite(number) ? detail::with_minus(fmt::format("{:.{}f}", number, *decimals))
                                               : detail::number_text(number, column.digits);
    }

    std::string operator()(const Estimate& estimate) const { return number_text(estimate, column.digits); }

    std::string operator()(const Badge& badge) const { return badge.text; }
  };

  return std::visit(Visitor{column, decimals}, cell);
}

std::string head_text(const Column& column) {
  return detail::titled(column.name, column.unit);
}

bool is_number(const Column& column) {
  return column.kind != ColumnKind::text;
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t width, const Column& column) {
  const std::string space(width - std::min(width, characters(text)), ' ');
  return is_number(column) ? space + text : text + space;
}

void check(const Table& table) {
  for (const auto& row : table.rows) {
    HOTSTAGE_EXPECTS(row.size() == table.columns.size());
  }
}

std::vector<std::optional<int>> all_decimals(const Table& table) {
  std::vector<std::optional<int>> out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    out.push_back(common_decimals(table, i));
  }
  return out;
}

/// Sentences get room, so that a row does not become a column.
std::string_view cell_class(const Column& column, std::size_t length) {
  constexpr std::size_t phrase = 24;
  constexpr std::size_t sentence = 60;
  if (is_number(column)) {
    return " class=\"number\"";
  }
  return length > sentence ? " class=\"sentence\"" : length > phrase ? " class=\"phrase\"" : "";
}

std::string row_html(const Table& table, std::size_t index, const std::vector<std::optional<int>>& decimals) {
  const auto& row = table.rows[index];
  std::string out = index >= rows_at_first ? "<tr class=\"more\">" : "<tr>";
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Column& column = table.columns[i];
    const auto* badge = std::get_if<Badge>(&row[i]);
    const std::string text = badge != nullptr ? std::string() : cell_text(row[i], column, decimals[i]);
    out += fmt::format("<td{}>{}</td>", cell_class(column, characters(detail::plain_text(text))),
                       badge != nullptr ? detail::badge_html(*badge) : detail::html_text(text));
  }
  return out + "</tr>\n";
}

}  // namespace

std::string number_text(const Estimate& estimate, int digits) {
  if (!std::isfinite(estimate.value)) {
    return "not determined";
  }
  if (!(estimate.sigma > 0.0) || !std::isfinite(estimate.sigma)) {
    return detail::number_text(estimate.value, digits);
  }
  const double largest = std::max(std::abs(estimate.value), estimate.sigma);
  const int order = static_cast<int>(std::floor(std::log10(largest)));
  const int sigma_order = static_cast<int>(std::floor(std::log10(estimate.sigma)));
  constexpr int longest_plain = 6;
  constexpr int smallest_plain = -4;
  const bool scientific = order >= longest_plain || order < smallest_plain;
  const double unit = scientific ? std::pow(10.0, order) : 1.0;
  const int decimals = std::clamp(1 - sigma_order + (scientific ? order : 0), 0, 12);
  const std::string value = detail::with_minus(fmt::format("{:.{}f}", estimate.value / unit, decimals));
  const std::string both = fmt::format("{} ± {:.{}f}", value, estimate.sigma / unit, decimals);
  return scientific ? fmt::format("({})×10^{{{}{}}}", both, order < 0 ? "−" : "", std::abs(order)) : both;
}

std::string to_html(const Table& table) {
  check(table);
  const bool is_long = table.rows.size() > rows_at_first;
  std::string out = fmt::format("<figure class=\"table\" id=\"{}\">\n", detail::anchor_text(table.id));
  if (!table.title.empty() || !table.caption.empty()) {
    out += fmt::format("<figcaption><strong>{}</strong> {}</figcaption>\n", detail::html_text(table.title),
                       detail::html_text(table.caption));
  }
  out += fmt::format("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n<table>\n<thead><tr>",
                     detail::escape(detail::plain_text(table.title.empty() ? "table" : table.title)));
  for (const Column& column : table.columns) {
    out += fmt::format("<th scope=\"col\"{}>{}</th>", is_number(column) ? " class=\"number\"" : "",
                       detail::html_text(head_text(column)));
  }
  out += "</tr></thead>\n<tbody>\n";
  const auto decimals = all_decimals(table);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    out += row_html(table, i, decimals);
  }
  out += "</tbody>\n</table>\n</div>\n";
  if (is_long) {
    out +=
        fmt::format("<button type=\"button\" class=\"show-all\" hidden>Show all {} rows</button>\n", table.rows.size());
  }
  return out + "</figure>\n";
}

std::string to_text(const Table& table) {
  check(table);
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& column : table.columns) {
    lines[0].push_back(detail::plain_text(head_text(column)));
  }
  const auto decimals = all_decimals(table);
  for (const auto& row : table.rows) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.push_back(detail::plain_text(cell_text(row[i], table.columns[i], decimals[i])));
    }
  }
  std::vector<std::size_t> widths(table.columns.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], characters(line[i]));
    }
  }
  std::string out = table.title.empty() ? std::string() : detail::plain_text(table.title) + "\n";
  for (std::size_t k = 0; k < lines.size(); ++k) {
    std::string text;
    std::string rule;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      text += (i > 0 ? "  " : "") + padded(lines[k][i], widths[i], table.columns[i]);
      rule += std::string(i > 0 ? 2 : 0, ' ');
      for (std::size_t c = 0; c < widths[i]; ++c) {
        rule += "─";
      }
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n" + (k == 0 ? rule + "\n" : std::string());
  }
  return out;
}

}  // namespace hotstage::report
