// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/html.hpp"

#include "hotstage/report/detail/assets.hpp"
#include "hotstage/report/detail/json.hpp"
#include "hotstage/report/detail/page_parts.hpp"
#include "hotstage/report/detail/palette.hpp"
#include "hotstage/report/detail/rich_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hotstage::report {

namespace {

constexpr std::string_view security_policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "base-uri 'none'; form-action 'none'";

/// A piece of the page with an entry in the table of contents.
struct Part {
  std::string id;
  std::string title;
  std::string body;
};

class Writer {
 public:
  explicit Writer(const Page& page) : page_(page) {}

  std::string write() {
    collect();
    std::string out = head();
    out += "<a class=\"skip\" href=\"#main\">Skip to the results</a>\n<div class=\"page\">\n" + contents();
    out += "<main id=\"main\">\n" + header();
    for (const Part& part : parts_) {
      out += fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", part.id, detail::html_text(part.title),
                         part.body);
    }
    out += provenance();
    out += fmt::format("<footer>{}</footer>\n</main>\n</div>\n", detail::html_text(page_.footnote));
    return out + scripts() + "</body>\n</html>\n";
  }

 private:
  void collect() {
    if (!page_.claims.empty()) {
      add("claims", "Claims", detail::claims_html(page_.claims));
    }
    for (const Section& section : page_.sections) {
      std::string body;
      for (const Block& block : section.blocks) {
        body += std::visit([this](const auto& b) { return write_block(b); }, block);
      }
      add("section-" + section.title, section.title, body);
    }
    if (!page_.checks.empty()) {
      add("checks", "Checks", detail::checks_html(page_.checks));
    }
    if (!page_.warnings.empty()) {
      add("warnings", "Warnings", detail::warnings_html(page_.warnings));
    }
    if (!page_.assumptions.empty()) {
      add("assumptions", "What was assumed", detail::assumptions_html(page_.assumptions));
    }
  }

  void add(const std::string& id, const std::string& title, std::string body) {
    parts_.push_back({unique(id), title, std::move(body)});
  }

  std::string unique(const std::string& wanted) {
    const std::string id = detail::anchor_text(wanted);
    std::string candidate = id;
    for (int n = 2; !ids_.insert(candidate).second; ++n) {
      candidate = fmt::format("{}-{}", id, n);
    }
    return candidate;
  }

  std::string write_block(const Paragraph& paragraph) const {
    return fmt::format("<p>{}</p>\n", detail::html_text(paragraph.text));
  }

  std::string write_block(const Code& code) const {
    return fmt::format("<pre tabindex=\"0\">{}</pre>\n", detail::escape(code.text));
  }

  std::string write_block(const Items& items) const {
    std::string out = "<ul>\n";
    for (const std::string& item : items.items) {
      out += fmt::format("<li>{}</li>\n", detail::html_text(item));
    }
    return out + "</ul>\n";
  }

  std::string write_block(const Figure& figure) {
    ++figures_;
    return detail::figure_html(figure, unique("figure-" + figure.id), figures_);
  }

  std::string write_block(const Table& table) {
    Table placed = table;
    placed.id = unique("table-" + table.id);
    return to_html(placed);
  }

  [[nodiscard]] std::string head() const {
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n<title>{}</title>\n<style>\n{}</style>\n"
        "</head>\n<body>\n",
        security_policy, detail::escape(detail::plain_text(page_.title)), detail::report_css());
  }

  [[nodiscard]] std::string contents() const {
    std::string out = "<nav class=\"contents\" aria-label=\"Contents\">\n<ol>\n";
    for (const Part& part : parts_) {
      out += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", part.id, detail::html_text(part.title));
    }
    if (!page_.provenance.is_null()) {
      out += "<li><a href=\"#provenance\">Provenance</a></li>\n";
    }
    return out + "</ol>\n</nav>\n";
  }

  [[nodiscard]] std::string header() const {
    std::string out = fmt::format("<header>\n<h1>{}</h1>\n", detail::html_text(page_.title));
    if (!page_.summary.empty()) {
      out += fmt::format("<p class=\"summary\">{}</p>\n", detail::html_text(page_.summary));
    }
    return out + chips() + "</header>\n" + detail::results_html(page_.results);
  }

  [[nodiscard]] std::string chips() const {
    std::string out;
    const auto chip = [&out](const char* target, Tone tone, std::size_t count, const char* words) {
      if (count > 0) {
        out += fmt::format("<a class=\"chip\" href=\"#{}\">{}</a>\n", target,
                           detail::badge_html({fmt::format("{} {}", count, words), tone}));
      }
    };
    const auto with = [this](CheckStatus status) {
      return static_cast<std::size_t>(std::ranges::count(page_.checks, status, &Check::status));
    };
    chip("checks", Tone::bad, with(CheckStatus::failed), "failed");
    chip("checks", Tone::attention, with(CheckStatus::attention),
         with(CheckStatus::attention) == 1 ? "needs attention" : "need attention");
    chip("checks", Tone::good, with(CheckStatus::ok), with(CheckStatus::ok) == 1 ? "check ok" : "checks ok");
    chip("warnings", Tone::attention, page_.warnings.size(), page_.warnings.size() == 1 ? "warning" : "warnings");
    chip("assumptions", Tone::neutral, page_.assumptions.size(),
         page_.assumptions.size() == 1 ? "assumption" : "assumptions");
    return out.empty() ? out : "<p class=\"chips\">\n" + out + "</p>\n";
  }

  [[nodiscard]] std::string provenance() const {
    return page_.provenance.is_null() ? std::string()
                                      : fmt::format(
                                            "<section "
                                            "id=\"provenance\">\n<details>\n<summary><h2>Provenance</h2></"
                                            "summary>\n{}</details>\n</section>\n",
                                            detail::tree_html(page_.provenance));
  }

  /// The page's own script after Plotly, and Plotly only when there is something to plot.
  [[nodiscard]] std::string scripts() const {
    if (figures_ == 0) {
      return fmt::format("<script>\n{}</script>\n", detail::report_js());
    }
    Value colours = Value::object();
    for (const detail::NamedColour& colour : detail::palette()) {
      colours[colour.hex] = colour.name;
    }
    return fmt::format(
        "<script type=\"application/json\" "
        "id=\"palette\">{}</script>\n<!--\nplotly.js\n{}-->\n<script>\n{}\n</script>\n"
        "<script>\n{}</script>\n",
        detail::json_text(colours), detail::plotly_licence(), detail::plotly_js(), detail::report_js());
  }

  const Page& page_;
  std::vector<Part> parts_;
  std::set<std::string> ids_{"main", "palette", "provenance"};
  std::size_t figures_ = 0;
};

}  // namespace

std::string to_html(const Page& page) {
  return Writer(page).write();
}

}  // namespace hotstage::report
