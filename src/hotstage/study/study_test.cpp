// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/study/plan.hpp"
#include "hotstage/study/run_study.hpp"
#include "hotstage/study/step_record.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <string_view>

namespace hotstage::study {
namespace {

namespace fs = std::filesystem;

constexpr const char* small_study = R"([study]
name = "small"
title = "A small pair"
evidence = "twin"

[step.pair]
use = "eels.simulate"
edges = ["O K"]
atoms = [1]
rows = 1
columns = 3
core_start = "440 eV"
channels = 512
)";

class StudyTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }

  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] StudyFile parse(const std::string& text) const {
    std::ofstream(folder_ / "study.toml") << text;
    return read_study(folder_ / "study.toml");
  }

  /// The message of reading and planning a study that must be refused.
  [[nodiscard]] std::string refusal(const std::string& text) const {
    try {
      (void)make_plan(parse(text));
    } catch (const Error& error) {
      return error.what();
    }
    return "was accepted";
  }

  fs::path folder_ = fs::temp_directory_path() / ("hotstage-study-" + std::to_string(::getpid()));
};

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(StudyTest, mistakes_are_named_with_line_and_nearest_word) {
  const std::string text = small_study;
  EXPECT_TRUE(says(refusal(text + "[stepp.x]\n"), "unknown section [stepp]")) << refusal(text + "[stepp.x]\n");
  const std::string option = refusal(text + "thicknes = 0.3\n");
  EXPECT_TRUE(says(option, "study.toml:14:") && says(option, "Did you mean \"thickness\"?")) << option;
  const std::string unit = refusal(text + "jitter = 0.5\n");
  EXPECT_TRUE(says(unit, "jitter: expected text with a number and a unit")) << unit;
  const std::string step = refusal(text + "[step.b]\nuse = \"eels.quantfy\"\n");
  EXPECT_TRUE(says(step, "Did you mean \"eels.quantify\"?")) << step;
  const std::string source =
      refusal(text + "[step.b]\nuse = \"eels.quantify\"\ncore = \"pair.cor\"\nedges = [\"O K\"]\n");
  EXPECT_TRUE(says(source, "nothing is called \"pair.cor\"") && says(source, "Did you mean \"pair.core\"?")) << source;
  const std::string missing = refusal(text + "[step.b]\nuse = \"eels.quantify\"\nedges = [\"O K\"]\n");
  EXPECT_TRUE(says(missing, "needs the input \"core\"")) << missing;
}

TEST_F(StudyTest, the_truth_binds_to_no_analysis) {
  const std::string text =
      std::string(small_study) + "[step.b]\nuse = \"eels.quantify\"\ncore = \"pair.truth\"\nedges = [\"O K\"]\n";
  EXPECT_TRUE(says(refusal(text), "may only be bound by generators and recovery steps")) << refusal(text);
}

TEST(Registry, only_generators_and_recovery_steps_take_or_make_truth) {
  for (const Step* step : steps()) {
    if (step->role != Role::analysis) {
      continue;
    }
    for (const InputSpec& input : step->inputs) {
      EXPECT_NE(input.kind, Kind::truth) << step->id;
    }
    for (const OutputSpec& output : step->outputs) {
      EXPECT_NE(output.kind, Kind::truth) << step->id;
    }
  }
}

TEST(Registry, options_and_inputs_can_be_keyword_arguments_in_python) {
  const std::set<std::string_view> reserved{"from",   "in",     "is",     "as",      "for",        "if",      "else",
                                            "while",  "with",   "not",    "and",     "or",         "del",     "def",
                                            "class",  "return", "import", "try",     "pass",       "lambda",  "global",
                                            "assert", "raise",  "yield",  "threads", "memory_MiB", "progress"};
  for (const Step* step : steps()) {
    for (const Field& field : step->options().fields) {
      EXPECT_FALSE(reserved.contains(field.name)) << step->id << " " << field.name;
    }
    for (const InputSpec& input : step->inputs) {
      EXPECT_FALSE(reserved.contains(input.name)) << step->id << " " << input.name;
    }
  }
}

TEST(Registry, no_step_has_an_option_named_like_an_input) {
  for (const Step* step : steps()) {
    const OptionSet set = step->options();
    for (const InputSpec& input : step->inputs) {
      for (const Field& field : set.fields) {
        EXPECT_NE(field.name, input.name) << step->id;
      }
    }
  }
}

TEST_F(StudyTest, a_variant_changes_options_and_the_name) {
  const std::string text = std::string(small_study) + "[variant.tiny.pair]\nchannels = 256\n";
  StudyFile plain = parse(text);
  EXPECT_EQ(make_plan(plain)[0].options.at("channels").as_integer(), 512);
  const StudyFile tiny = read_study(folder_ / "study.toml", "tiny");
  EXPECT_EQ(make_plan(tiny)[0].options.at("channels").as_integer(), 256);
  EXPECT_EQ(tiny.name, "small-tiny");
  EXPECT_THROW((void)read_study(folder_ / "study.toml", "tinny"), Error);
}

TEST_F(StudyTest, a_run_that_fails_leaves_no_empty_folder) {
  hotstage::Run run;
  const std::string text =
      "[study]\nname = \"s\"\ntitle = \"t\"\n[step.onset]\nuse = \"calc.recompute\"\nrecord = \"none such\"\n";
  EXPECT_THROW((void)run_study(parse(text), {.out = folder_ / "fresh"}, run), Error);
  EXPECT_FALSE(fs::exists(folder_ / "fresh"));
  std::ofstream(folder_ / "none.json").put(' ');
  EXPECT_THROW(
      (void)run_study(parse("[study]\nname = \"s\"\ntitle = \"t\"\n[data.path]\nfile = \"none.json\"\n[step.onset]\n"
                            "use = \"kinetics.onset\"\npath = \"data.path\"\n"),
                      {.out = folder_ / "fresh"}, run),
      Error);
  EXPECT_FALSE(fs::exists(folder_ / "fresh")) << "the hash of an input is no result";
  fs::create_directories(folder_ / "there");
  EXPECT_THROW((void)run_study(parse(text), {.out = folder_ / "there"}, run), Error);
  EXPECT_TRUE(fs::is_empty(folder_ / "there"));
}

TEST_F(StudyTest, several_variants_lie_over_each_other) {
  (void)parse(std::string(small_study) +
              "[variant.tiny.pair]\nchannels = 256\nseed = 5\n[variant.other.pair]\nchannels = 128\n");
  const StudyFile both = read_study(folder_ / "study.toml", "tiny,other");
  EXPECT_EQ(make_plan(both)[0].options.at("channels").as_integer(), 128);
  EXPECT_EQ(make_plan(both)[0].options.at("seed").as_integer(), 5);
  EXPECT_EQ(both.name, "small-tiny-other");
  EXPECT_THROW((void)read_study(folder_ / "study.toml", "tiny,,other"), Error);
}

TEST_F(StudyTest, steps_are_ordered_by_what_they_need) {
  const std::string text =
      "[study]\nname = \"s\"\ntitle = \"t\"\n"
      "[step.late]\nuse = \"eels.quantify\"\ncore = \"early.core\"\nedges = [\"O K\"]\n"
      "[step.early]\nuse = \"eels.simulate\"\nedges = [\"O K\"]\natoms = [1]\n";
  const auto plan = make_plan(parse(text));
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(plan[0].name, "early");
  EXPECT_EQ(plan[1].name, "late");
}

TEST_F(StudyTest, a_second_run_takes_the_store_and_changed_options_do_not) {
  hotstage::Run run;
  const StudyOptions options{.out = folder_ / "out"};
  EXPECT_FALSE(run_study(parse(small_study), options, run).steps[0].from_store);
  const auto again = run_study(parse(small_study), options, run);
  EXPECT_TRUE(again.steps[0].from_store);
  EXPECT_FALSE(run_study(parse(std::string(small_study) + "seed = 2\n"), options, run).steps[0].from_store);
  EXPECT_FALSE(run_study(parse(small_study), {.out = folder_ / "out", .reuse = Reuse::fresh}, run).steps[0].from_store);
  EXPECT_TRUE(fs::exists(folder_ / "out/raw/pair.core.dm4"));
  EXPECT_TRUE(fs::exists(folder_ / "out/report.html"));
}

TEST_F(StudyTest, a_folder_is_data_and_one_changed_image_or_sidecar_runs_the_step_again) {
  fs::create_directories(folder_ / "run");
  const std::string image(std::size_t{32} * 32 * 2, 'a');
  for (const char* name : {"img_1.raw", "img_2.raw", "img_3.raw"}) {
    io::write_text(folder_ / "run" / name, image);
  }
  io::write_text(folder_ / "run/info.txt", "32 x 32 x uint16\n0.5 nm / pixel\n2 s / image\n");
  io::write_text(folder_ / "log.csv", "time,degC\n0,20\n10,40\n");
  const std::string text =
      "[study]\nname = \"s\"\ntitle = \"t\"\n[data.frames]\nfile = \"run\"\n[data.log]\nfile = \"log.csv\"\n"
      "[step.t]\nuse = \"series.timeline\"\nframes = \"data.frames\"\nlog = \"data.log\"\nzero = \"log\"\n"
      "columns = { time_column = \"time\", temperature_column = \"degC\" }\n";
  hotstage::Run run;
  const auto from_store = [&] { return run_study(parse(text), {.out = folder_ / "out"}, run).steps[0].from_store; };
  EXPECT_FALSE(from_store());
  EXPECT_TRUE(from_store());
  io::write_text(folder_ / "run/img_2.raw", std::string(image.size(), 'b'));
  EXPECT_FALSE(from_store()) << "one image";
  io::write_text(folder_ / "run/info.txt", "32 x 32 x uint16\n0.5 nm / pixel\n3 s / image\n");
  EXPECT_FALSE(from_store()) << "the sidecar";
  EXPECT_TRUE(from_store());
}

TEST_F(StudyTest, a_step_output_survives_the_disk) {
  hotstage::Run run;
  StepOutput output;
  output.results.push_back({.id = "Ti/O",
                            .value = 0.5131,
                            .sigma = 0.013,
                            .unit = "",
                            .method = "m",
                            .evidence = "real",
                            .label = "l",
                            .headline = true});
  output.checks.push_back({"sum rule", CheckStatus::attention, "2 %", "1 %", "meaning"});
  output.assumptions.push_back({"a", "b"});
  output.warnings.push_back({"kind", "example", 3});
  output.tables["table"].columns = {io::number_column("E", "eV", {1.0, 0.1})};
  output.records["record"]["schema"] = "hotstage.test/1";
  report::Figure figure{.id = "f", .title = "t"};
  figure.panels.push_back({.marks = {report::Line{.name = "n", .x = {1, 2}, .y = {0.1, 3}}}});
  output.figures.push_back(figure);
  fs::create_directories(folder_ / "step");
  write_output(output, folder_ / "step", run);
  const StepOutput back = read_output(folder_ / "step", run);
  ASSERT_EQ(back.results.size(), 1U);
  EXPECT_EQ(back.results[0].value, 0.5131);
  EXPECT_EQ(back.results[0].sigma, 0.013);
  EXPECT_TRUE(back.results[0].headline);
  EXPECT_EQ(back.checks[0].status, CheckStatus::attention);
  EXPECT_EQ(back.warnings[0].count, 3U);
  EXPECT_EQ(back.tables.at("table").numbers("E"), (std::vector<double>{1.0, 0.1}));
  EXPECT_EQ(back.records.at("record").text_at("schema"), "hotstage.test/1");
  EXPECT_EQ(report::to_value(back.figures.at(0)), report::to_value(figure));
}

}  // namespace
}  // namespace hotstage::study
