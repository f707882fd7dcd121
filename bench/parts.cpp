// SPDX-License-Identifier: MIT
// The parts that are on the way of every edit, one by one (Google Benchmark).
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "api/json_rpc.h"
#include "build/core.h"
#include "build/diagnostics.h"
#include "process/line_pump.h"
#include "process/redaction.h"
#include "watch/fingerprint.h"
#include "watch/glob.h"

namespace {

using namespace poltergeist;

void match_a_glob(benchmark::State& state) {
  const auto glob = watch::Glob::parse("src/**/*.{c,cc,cpp,h,hpp}").value();
  const auto path = *RelPath::parse("src/some/deeply/nested/directory/file_with_a_name.cpp");
  for (auto _ : state) benchmark::DoNotOptimize(glob.matches(path));
}
BENCHMARK(match_a_glob);

void fingerprint_a_file(benchmark::State& state) {
  const watch::Stamp stamp{.size = 1234, .modified = 1, .changed = 2, .inode = 3, .mode = 0100644};
  for (auto _ : state) {
    const auto directory = watch::Fingerprint::key_of("src/some/directory");
    benchmark::DoNotOptimize(watch::Fingerprint::of(directory, "file.cpp", stamp));
  }
}
BENCHMARK(fingerprint_a_file);

void scan_a_line_without_diagnostic(benchmark::State& state) {
  build::DiagnosticScanner scanner;
  const std::string line = "[12/345] Building CXX object src/CMakeFiles/thing.dir/some/file.cpp.o";
  for (auto _ : state) scanner.feed(line);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * line.size()));
}
BENCHMARK(scan_a_line_without_diagnostic);

void split_a_megabyte_into_lines(benchmark::State& state) {
  std::string text;
  while (text.size() < (1U << 20))
    text += "a line of output of ordinary length, as compilers print\n";
  for (auto _ : state) {
    process::LineSplitter splitter;
    std::size_t lines = 0;
    splitter.feed(text, [&](const process::Line&) { ++lines; });
    benchmark::DoNotOptimize(lines);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(split_a_megabyte_into_lines);

void redact_a_megabyte_with_forty_secrets(benchmark::State& state) {
  std::vector<std::string> values;
  for (unsigned i = 1; i <= 40; ++i)
    values.push_back(fmt::format("{:x}{:x}", i * 2654435761U, i * 40503U));
  std::string text;
  while (text.size() < (1U << 20))
    text += "a line of output of ordinary length, as compilers print\n";
  process::Redactor redactor{process::Secrets(values)};
  for (auto _ : state) {
    std::size_t bytes = 0;
    redactor.feed(text, [&](std::string_view part) { bytes += part.size(); });
    benchmark::DoNotOptimize(bytes);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(redact_a_megabyte_with_forty_secrets);

void decode_a_request(benchmark::State& state) {
  const std::string line = api::encode(
      api::Request{std::int64_t{1}, "wait", {{"target", "app"}, {"timeoutMs", 300000}}});
  for (auto _ : state) benchmark::DoNotOptimize(api::decode(line));
}
BENCHMARK(decode_a_request);

// One file that all targets watch: from the batch to the last action.
void schedule_one_change_for_many_targets(benchmark::State& state) {
  build::Settings settings;
  std::vector<build::Touched> touched;
  for (int i = 0; i < state.range(0); ++i) {
    build::TargetSettings target;
    target.id = TargetId(fmt::format("target{}", i));
    settings.targets.push_back(target);
    touched.push_back({target.id, {*RelPath::parse("common.h")}, 1});
  }
  build::Core core;
  Instant now{};
  benchmark::DoNotOptimize(core.configure(settings, now));
  for (const auto& target : settings.targets) {
    benchmark::DoNotOptimize(core.on_evaluated(target.id, build::Evaluation::Fresh, 1, now));
  }
  Clock clock = 1;
  for (auto _ : state) {
    now += Milliseconds(1);
    benchmark::DoNotOptimize(core.on_changes(touched, ++clock, now));
  }
}
BENCHMARK(schedule_one_change_for_many_targets)->Arg(1)->Arg(10)->Arg(100);

}  // namespace

BENCHMARK_MAIN();
