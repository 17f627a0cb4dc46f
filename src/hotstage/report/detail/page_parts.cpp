// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/page_parts.hpp"

#include "hotstage/report/detail/json.hpp"
#include "hotstage/report/detail/model_svg.hpp"
#include "hotstage/report/detail/rich_text.hpp"
#include "hotstage/report/detail/ticks.hpp"
#include "hotstage/report/plotly.hpp"
#include "hotstage/report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::report::detail {

namespace {

std::string_view tone_class(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "good";
    case Tone::attention:
      return "attention";
    case Tone::bad:
      return "bad";
    case Tone::neutral:
      break;
  }
  return "neutral";
}

Badge badge(CheckStatus status) {
  switch (status) {
    case CheckStatus::ok:
      return {"ok", Tone::good};
    case CheckStatus::attention:
      return {"attention", Tone::attention};
    case CheckStatus::failed:
      return {"failed", Tone::bad};
  }
  return {};
}

Badge badge(Verdict verdict) {
  switch (verdict) {
    case Verdict::supported:
      return {"supported", Tone::good};
    case Verdict::consistent:
      return {"consistent", Tone::attention};  // not evidence
    case Verdict::not_supported:
      return {"not supported", Tone::bad};
    case Verdict::out_of_reach:
      return {"out of reach", Tone::neutral};
    case Verdict::not_yet:
      return {"not yet", Tone::neutral};
  }
  return {};
}

std::string with_unit(const Estimate& value, const std::string& unit) {
  const std::string number = html_text(report::number_text(value));
  return unit.empty() ? number
                      : fmt::format("{}&nbsp;<span class=\"unit\">{}</span>", number, html_text(unit_text(unit)));
}

/// How far two values are apart in combined standard uncertainties; empty when neither has one.
std::string distance(const Estimate& ours, const Estimate& theirs) {
  const double sigma = std::hypot(ours.sigma, theirs.sigma);
  const double difference = ours.value - theirs.value;
  if (!(sigma > 0.0) || !std::isfinite(difference) || !std::isfinite(sigma)) {
    return {};
  }
  return fmt::format("{:.1f} σ", std::abs(difference) / sigma);
}

/// Our value and the known ones as dots with bars on one common scale.
std::string strip(const KeyResult& result) {
  std::vector<Estimate> values{result.value};
  for (const Reference& reference : result.references) {
    values.push_back(reference.value);
  }
  double low = result.value.value;
  double high = result.value.value;
  for (const Estimate& value : values) {
    if (!std::isfinite(value.value) || !std::isfinite(value.sigma)) {
      return {};
    }
    low = std::min(low, value.value - value.sigma);
    high = std::max(high, value.value + value.sigma);
  }
  if (values.size() < 2 || !(high > low)) {
    return {};
  }
  constexpr double width = 240.0;
  constexpr double row = 9.0;
  constexpr double margin = 6.0;
  const auto x = [&](double value) { return margin + (value - low) / (high - low) * (width - 2 * margin); };
  const double height = row * static_cast<double>(values.size());
  std::string out = fmt::format(R"(<svg class="strip" viewBox="0 0 {:g} {:g}" aria-hidden="true">)", width, height);
  out += fmt::format(R"(<rect class="ours-band" x="{:.1f}" y="0" width="{:.1f}" height="{:g}"/>)",
                     x(result.value.value - result.value.sigma),
                     x(result.value.value + result.value.sigma) - x(result.value.value - result.value.sigma), height);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double y = (static_cast<double>(i) + 0.5) * row;
    out += fmt::format(
        "<g class=\"{}\"><line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{y:.1f}\" y2=\"{y:.1f}\"/>"
        "<circle cx=\"{:.1f}\" cy=\"{y:.1f}\" r=\"2.8\"/></g>",
        i == 0 ? "ours" : "theirs", x(values[i].value - values[i].sigma), x(values[i].value + values[i].sigma),
        x(values[i].value), fmt::arg("y", y));
  }
  return out + "</svg>\n";
}

std::string card(const KeyResult& result) {
  std::string out = fmt::format("<article class=\"card\">\n<h2>{}</h2>\n<p class=\"value\">{}</p>\n",
                                html_text(result.label), with_unit(result.value, result.unit));
  if (!result.references.empty()) {
    out += strip(result) + "<dl>\n";
    for (const Reference& reference : result.references) {
      const std::string apart = distance(result.value, reference.value);
      out += fmt::format("<div><dt>{}{}</dt><dd>{}{}</dd></div>\n", html_text(reference.label),
                         reference.source.empty() ? "" : fmt::format("<small>{}</small>", html_text(reference.source)),
                         with_unit(reference.value, result.unit),
                         apart.empty() ? "" : fmt::format("<small>{} apart</small>", apart));
    }
    out += "</dl>\n";
  }
  if (!result.method.empty()) {
    out += fmt::format("<p class=\"method\">{}</p>\n", html_text(result.method));
  }
  return out + "</article>\n";
}

std::string scalar_text(const Value& value) {
  return value.is_null()      ? "–"
         : value.is_bool()    ? (value.as_bool() ? "yes" : "no")
         : value.is_integer() ? fmt::format("{}", value.as_integer())
         : value.is_number()  ? fmt::format("{}", value.as_number())
                              : value.as_text();
}

bool is_scalar(const Value& value) {
  return !value.is_array() && !value.is_object();
}

}  // namespace

std::string badge_html(const Badge& badge) {
  return fmt::format("<span class=\"badge {}\">{}</span>", tone_class(badge.tone), html_text(badge.text));
}

std::string figure_html(const Figure& figure, const std::string& id, std::size_t number) {
  Figure placed = decimate(figure);
  placed.id = id;
  std::string caption = fmt::format("<b>Figure {}.</b> ", number);
  if (!placed.title.empty()) {
    caption += fmt::format("<b>{}.</b> ", html_text(placed.title));
  }
  caption += html_text(placed.caption);
  for (const std::string& note : placed.notes) {
    caption += fmt::format(" <span class=\"note\">{}</span>", html_text(note));
  }
  std::string svg = to_svg(placed);
  return fmt::format(
      "<figure class=\"plot {}\" id=\"{}\">\n<div class=\"drawing\">\n<div class=\"static\">\n{}</div>\n"
      "<div class=\"interactive\"></div>\n</div>\n<figcaption>{} <button type=\"button\" class=\"download\" "
      "data-name=\"{}.svg\" hidden>SVG</button></figcaption>\n<script "
      "type=\"application/json\">{}</script>\n</figure>\n",
      figure.width == Width::full ? "full" : "half", id, svg, caption, anchor_text(figure.id),
      placed.model ? json_text(model_data(placed)) : to_plotly(placed));
}

std::string results_html(const std::vector<KeyResult>& results) {
  if (results.empty()) {
    return {};
  }
  std::string out = "<div class=\"cards\">\n";
  for (const KeyResult& result : results) {
    out += card(result);
  }
  return out + "</div>\n";
}

std::string checks_html(const std::vector<Check>& checks) {
  std::vector<const Check*> sorted;
  for (const CheckStatus status : {CheckStatus::failed, CheckStatus::attention, CheckStatus::ok}) {
    for (const Check& check : checks) {
      if (check.status == status) {
        sorted.push_back(&check);
      }
    }
  }
  std::string out =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Checks\">\n<table "
      "class=\"checks\">\n<thead><tr><th "
      "scope=\"col\"></th><th scope=\"col\">Check</th><th scope=\"col\">Measured</th><th "
      "scope=\"col\">Limit</th></tr></thead>\n<tbody>\n";
  for (const Check* check : sorted) {
    out += fmt::format("<tr><td>{}</td><td>{}{}</td><td>{}</td><td>{}</td></tr>\n", badge_html(badge(check->status)),
                       html_text(check->name),
                       check->meaning.empty() ? "" : fmt::format("<small>{}</small>", html_text(check->meaning)),
                       html_text(check->measured), html_text(check->limit));
  }
  return out + "</tbody>\n</table>\n</div>\n";
}

std::string warnings_html(const std::vector<WarningCount>& warnings) {
  std::string out = "<div class=\"box attention\">\n<ul>\n";
  for (const WarningCount& warning : warnings) {
    out += fmt::format("<li><b>{}</b>{} {}</li>\n", html_text(warning.kind),
                       warning.count > 1 ? fmt::format(" <span class=\"count\">{} times</span>", warning.count) : "",
                       html_text(warning.example));
  }
  return out + "</ul>\n</div>\n";
}

std::string assumptions_html(const std::vector<Assumption>& assumptions) {
  std::string out = "<div class=\"box\">\n<dl class=\"assumptions\">\n";
  for (const Assumption& assumption : assumptions) {
    out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", html_text(assumption.what), html_text(assumption.why));
  }
  return out + "</dl>\n</div>\n";
}

/// "3 supported, 9 consistent, …": how many claims of each verdict, in the order of the enum.
std::string tally_html(const std::vector<Claim>& claims) {
  std::string out;
  for (const Verdict verdict :
       {Verdict::supported, Verdict::not_supported, Verdict::consistent, Verdict::out_of_reach, Verdict::not_yet}) {
    const auto n = std::ranges::count(claims, verdict, &Claim::verdict);
    if (n > 0) {
      Badge counted = badge(verdict);
      counted.text = fmt::format("{} {}", n, counted.text);
      out += badge_html(counted) + " ";
    }
  }
  return fmt::format("<p class=\"tally\">{}</p>\n", out);
}

std::string claims_html(const std::vector<Claim>& claims) {
  std::string out = tally_html(claims);
  out +=
      "<table class=\"claims\">\n<thead><tr><th scope=\"col\">Claim</th><th scope=\"col\">Verdict</th><th "
      "scope=\"col\">Statement</th><th scope=\"col\">Theirs</th><th scope=\"col\">Ours</th></tr></thead>\n<tbody>\n";
  for (const Claim& claim : claims) {
    std::string origin = claim.kind;
    origin += (origin.empty() || claim.evidence.empty() ? "" : ", ") + claim.evidence;
    const std::string statement = html_text(claim.statement);
    out += fmt::format("<tr id=\"{}\"><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td></tr>\n",
                       "claim-" + anchor_text(claim.id), html_text(claim.id), badge_html(badge(claim.verdict)),
                       claim.why.empty() ? statement
                                         : fmt::format("<details><summary>{}</summary><small>{}</small></details>",
                                                       statement, html_text(claim.why)),
                       html_text(claim.theirs), claim.ours ? with_unit(*claim.ours, claim.unit) : std::string("–"),
                       origin.empty() ? "" : fmt::format("<small>{}</small>", html_text(origin)));
  }
  return out + "</tbody>\n</table>\n";
}

std::string tree_html(const Value& value) {
  if (is_scalar(value)) {
    return escape(scalar_text(value));
  }
  if (value.is_array()) {
    const auto& items = value.as_array();
    std::string out;
    if (std::ranges::all_of(items, is_scalar)) {
      for (const Value& item : items) {
        out += (out.empty() ? "" : ", ") + escape(scalar_text(item));
      }
      return out;
    }
    for (const Value& item : items) {
      out += fmt::format("<li>{}</li>\n", tree_html(item));
    }
    return fmt::format("<ul class=\"tree\">\n{}</ul>\n", out);
  }
  std::string out = "<dl class=\"tree\">\n";
  for (const Member& member : value.as_object()) {
    out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape(member.key), tree_html(member.value));
  }
  return out + "</dl>\n";
}

}  // namespace hotstage::report::detail
