// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/engine.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <thread>

namespace hotstage::calc {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string cpu_flags() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("flags", 0) == 0) {
      return line;
    }
  }
  return {};
}

/// Where the loader finds libblas.so.3, links followed: Debian switches libraries by these links.
std::string blas_library() {
  for (const std::string_view folder :
       {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"}) {
    std::error_code error;
    const auto found = std::filesystem::canonical(std::filesystem::path(folder) / "libblas.so.3", error);
    if (!error) {
      return found.string();
    }
  }
  return {};
}

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

Trap judge_library(const MachineFacts& facts) {
  Trap out{.name = "BLAS library", .state = TrapState::ok, .found = facts.blas, .remedy = ""};
  if (facts.blas.empty()) {
    out.found = "no libblas.so.3 found";
    out.remedy = "nothing to do unless an engine is installed; then install libopenblas0-pthread";
    out.state = TrapState::warning;
  } else if (!has(facts.blas, "openblas") && !has(facts.blas, "mkl") && !has(facts.blas, "blis") &&
             !has(facts.blas, "atlas")) {
    out.state = TrapState::failure;
    out.remedy = "this is the reference BLAS, about 20 times slower: install libopenblas0-pthread";
  }
  return out;
}

Trap judge_kernels(const MachineFacts& facts) {
  Trap out{.name = "BLAS kernels for this processor", .state = TrapState::ok, .found = "", .remedy = ""};
  const std::string best = core_type_for(facts.cpu_flags);
  if (facts.core_type.empty()) {
    out.found =
        best.empty() ? "left to the library" : fmt::format("engines are started with OPENBLAS_CORETYPE={}", best);
  } else {
    out.found = fmt::format("OPENBLAS_CORETYPE={} is set", facts.core_type);
    if (facts.core_type == "SkylakeX" && best != "SkylakeX") {
      out.state = TrapState::failure;
      out.remedy = "this processor has no AVX-512: engines would die of an illegal instruction. Unset it";
    } else if (!best.empty() && facts.core_type != best) {
      out.state = TrapState::warning;
      out.remedy = fmt::format("{} is faster on this processor", best);
    }
  }
  return out;
}

Trap judge_threads(const MachineFacts& facts) {
  const int threads = facts.threads.empty() ? 1 : std::max(1, std::atoi(facts.threads.c_str()));
  Trap out{.name = "threads under MPI",
           .state = TrapState::ok,
           .found = fmt::format("{} {} with 1 thread each on {} cores", facts.ranks,
                                facts.ranks == 1 ? "rank" : "ranks", facts.cores),
           .remedy = ""};
  if (threads > 1) {
    out.found += fmt::format("; OMP_NUM_THREADS={} of the environment is overruled", threads);
  }
  if (static_cast<unsigned>(facts.ranks) > facts.cores) {
    out.state = TrapState::warning;
    out.remedy =
        fmt::format("more ranks than cores slow each other down by waiting busily: use at most {}", facts.cores);
  }
  return out;
}

}  // namespace

std::string core_type_for(std::string_view cpu_flags) {
  if (has(cpu_flags, " avx512f") && has(cpu_flags, " avx512vl") && has(cpu_flags, " avx512dq")) {
    return "SkylakeX";
  }
  if (has(cpu_flags, " avx2") && has(cpu_flags, " fma")) {
    return "Haswell";
  }
  return {};
}

std::vector<Trap> judge(const MachineFacts& facts) {
  return {judge_library(facts), judge_kernels(facts), judge_threads(facts)};
}

std::vector<Trap> check_engine(const DftOptions& options) {
  return judge({.blas = blas_library(),
                .cpu_flags = cpu_flags(),
                .core_type = variable("OPENBLAS_CORETYPE"),
                .threads = variable("OMP_NUM_THREADS"),
                .ranks = options.ranks,
                .cores = std::max(1U, std::thread::hardware_concurrency())});
}

std::vector<std::pair<std::string, std::string>> engine_environment() {
  std::vector<std::pair<std::string, std::string>> out{{"OPENBLAS_NUM_THREADS", "1"}, {"OMP_NUM_THREADS", "1"}};
  const std::string best = core_type_for(cpu_flags());
  if (!best.empty() && variable("OPENBLAS_CORETYPE").empty()) {
    out.emplace_back("OPENBLAS_CORETYPE", best);
  }
  return out;
}

}  // namespace hotstage::calc
