// SPDX-License-Identifier: GPL-2.0-only
//
// gbench: the C++ side of gbench.h, and the only C++ of the project.
//
// Invariants: the library decides after the first call of a body that it has run long enough (its
// minimum time is set to almost nothing; ours is the benchmark's own business); nothing is saved
// that names the host or a path on it.
#include "gbench.h"

#include <atomic>
#include <benchmark/benchmark.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace
{

std::atomic<int> failures;
unsigned long called, dropped;
const char drop_label[] = "dropped";
bool json_display;
bool json_file;
bool listing, filtered, csv_display, tabular;
char program[32] = "benchmark";
std::string out_path;

benchmark::State &state_of(gbench_state *state)
{
	return *reinterpret_cast<benchmark::State *>(state);
}

// A reporter that does not see rows which were dropped.
template <class Base> class without_dropped : public Base
{
      public:
	using Base::Base;

	void ReportRuns(const std::vector<benchmark::BenchmarkReporter::Run> &all) override
	{
		std::vector<benchmark::BenchmarkReporter::Run> rows;

		for (const auto &row : all)
			if (row.report_label != drop_label)
				rows.push_back(row);
		if (!rows.empty())
			Base::ReportRuns(rows);
	}
};

// The library's JSON without the line that names the host.
class anonymous_json : public without_dropped<benchmark::JSONReporter>
{
      public:
	bool ReportContext(const Context &context) override
	{
		std::ostream &out = GetOutputStream();
		std::ostringstream text;
		SetOutputStream(&text);
		bool go_on = benchmark::JSONReporter::ReportContext(context);
		SetOutputStream(&out);

		std::istringstream lines(text.str());
		for (std::string line; std::getline(lines, line);)
			if (line.find("\"host_name\":") == std::string::npos)
				out << line << "\n";
		return go_on;
	}

	// The library does not look whether what it wrote arrived: a full disk would go unnoticed.
	void Finalize() override
	{
		std::ostream &out = GetOutputStream();
		std::ostringstream text;
		SetOutputStream(&text);
		benchmark::JSONReporter::Finalize();
		SetOutputStream(&out);

		std::string end = text.str();
		if (dropped)
			end = end.substr(0, end.rfind(']') + 1) +
			      ",\n  \"partial\": true,\n  \"cases_done\": " +
			      std::to_string(called - dropped) +
			      ",\n  \"cases_total\": " + std::to_string(called) + "\n}\n";
		out << end;
		if (!GetOutputStream().flush()) {
			std::fprintf(stderr,
				     "%s: the report could not be written (is the disk full?)\n",
				     program);
			failures++;
		}
	}
};

const char *flag_value(const char *arg, const char *flag)
{
	size_t len = std::strlen(flag);
	return std::strncmp(arg, flag, len) == 0 && arg[len] == '=' ? arg + len + 1 : nullptr;
}

// The library keeps its flags to itself; we need to know which reporters it is going to use.
void note_flags(int argc, char **argv)
{
	bool out = false, out_json = true;

	for (int i = 1; i < argc; i++) {
		if (const char *v = flag_value(argv[i], "--benchmark_format"))
			json_display = std::strcmp(v, "json") == 0,
			csv_display = std::strcmp(v, "csv") == 0;
		if (const char *v = flag_value(argv[i], "--benchmark_out"))
			out = true, out_path = v;
		if (const char *v = flag_value(argv[i], "--benchmark_out_format"))
			out_json = std::strcmp(v, "json") == 0;
		if (std::strncmp(argv[i], "--benchmark_list_tests", 22) == 0)
			listing = std::strcmp(argv[i], "--benchmark_list_tests=false") != 0;
		if (std::strncmp(argv[i], "--benchmark_counters_tabular", 28) == 0)
			tabular = true;
		if (flag_value(argv[i], "--benchmark_filter"))
			filtered = true;
	}
	json_file = out && out_json;
}

// The library only says that a name is invalid, after everything was prepared.
bool may_write()
{
	if (out_path.empty() || listing)
		return true;
	FILE *file = std::fopen(out_path.c_str(), "ae");
	if (!file) {
		std::fprintf(stderr, "%s: --benchmark_out=%s: cannot be written: %s\n", program,
			     out_path.c_str(), std::strerror(errno));
		return false;
	}
	std::fclose(file);
	return true;
}

// Nor does it look whether its table arrived.
bool arrived()
{
	if (std::cout.flush() && !std::fflush(stdout) && !std::ferror(stdout))
		return true;
	std::fprintf(stderr, "%s: the table could not be written (is the disk full?)\n", program);
	return false;
}

} // namespace

extern "C" {

void gbench_register(const char *name, gbench_body *body, const void *arg)
{
	auto run = [body, arg](benchmark::State &st) {
		called++;
		for (auto _ : st)
			body(reinterpret_cast<gbench_state *>(&st), arg);
	};
	benchmark::RegisterBenchmark(name, run)->Unit(benchmark::kMillisecond);
}

void gbench_counter(gbench_state *state, const char *name, double value)
{
	state_of(state).counters[name] = benchmark::Counter(value);
}

void gbench_label(gbench_state *state, const char *text)
{
	state_of(state).SetLabel(text);
}

void gbench_context(const char *key, const char *value)
{
	benchmark::AddCustomContext(key, value);
}

void gbench_fail(gbench_state *state, const char *message)
{
	failures++;
	state_of(state).SkipWithError(message);
}

void gbench_skip(gbench_state *state, const char *message)
{
	std::string text = std::string("skipped: ") + message;
	state_of(state).SkipWithError(text.c_str());
}

void gbench_drop(gbench_state *state)
{
	dropped++;
	state_of(state).SetLabel(drop_label);
	state_of(state).SkipWithError(drop_label);
}

unsigned long gbench_done(unsigned long *total)
{
	*total = called;
	return called - dropped;
}

int gbench_init(const char *name, int *argc, char **argv)
{
	// The program's path would be in every report; the minimum time is a "0.1s" since 1.8.
	static char min_time[] = "--benchmark_min_time=1e-9" GBENCH_TIME_SUFFIX;
	// With its own idea of everything, ".", the library moves all instances for each one it adds.
	static char everything[] = "--benchmark_filter=.+";
	char *extra[] = { program, min_time, nullptr, nullptr };
	int nr_extra = 2;

	std::snprintf(program, sizeof(program), "%s", name);
	note_flags(*argc, argv);
	argv[0] = program;
	benchmark::Initialize(argc, argv);
	if (benchmark::ReportUnrecognizedArguments(*argc, argv))
		return 2;
	if (!may_write())
		return 1;
	if (!filtered)
		extra[nr_extra++] = everything;
	benchmark::Initialize(&nr_extra, extra);
	return 0;
}

bool gbench_lists(void)
{
	return listing;
}

int gbench_run(bool header)
{
	std::unique_ptr<benchmark::BenchmarkReporter> display;
	std::unique_ptr<anonymous_json> file(json_file && !listing ? new anonymous_json : nullptr);
	std::ostream nowhere(nullptr);

	if (json_display)
		display.reset(new anonymous_json);
	else if (!csv_display && !tabular)
		display.reset(new without_dropped<benchmark::ConsoleReporter>(
			header && isatty(STDOUT_FILENO) ? benchmark::ConsoleReporter::OO_Color
							: benchmark::ConsoleReporter::OO_None));
	if (!header && display)
		display->SetErrorStream(&nowhere);
	size_t matched = benchmark::RunSpecifiedBenchmarks(display.get(), file.get());

	benchmark::Shutdown();
	return !arrived() || matched == 0 || failures != 0;
}

void gbench_usage(void)
{
	static char help[] = "--help";
	char *argv[] = { program, help, nullptr };
	int argc = 2;

	benchmark::Initialize(&argc, argv);
}

} // extern "C"
