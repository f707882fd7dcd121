// SPDX-License-Identifier: MIT
#include "cli/init/makefile.h"

#include <catch2/catch.hpp>

#include "cli/init/proposals.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::test;
using poltergeist::test::TempDir;

TEST_CASE("variables, rules and phony targets are read as make reads them") {
  const auto makefile = parse_makefile(R"(
# a comment
BUILD ?= build
NAME := $(BUILD)/app
OBJECTS = $(SOURCES:.c=.o) \
          extra.o
export CFLAGS += -O2
ifeq ($(V),1)
Q =
endif
.PHONY: all \
        clean
all: $(NAME) | $(BUILD)
$(NAME): $(OBJECTS)
	cc -o $@ $^   # all: not a rule
$(NAME): LDFLAGS += -lm
%.o: %.c
clean: ; rm -rf $(BUILD)
define recipe
hidden: rule
endef
)");
  CHECK(makefile.default_goal() == "all");
  CHECK(makefile.prerequisites_of("all") == Names{"build/app"});
  CHECK(makefile.prerequisites_of("build/app") == Names{"extra.o"});
  CHECK(makefile.phony.contains("clean"));
  CHECK(makefile.has_rule("clean"));
  CHECK_FALSE(makefile.has_rule("hidden"));
  CHECK_FALSE(makefile.has_rule("rm"));
}

TEST_CASE("every operator of an assignment is one, and a rule is none") {
  const auto makefile = parse_makefile(
      "A = 1\nB := 2\nC ::= 3\nD ?= 4\nD ?= 5\nE != echo\nF = a\nF += b\n"
      "override G = 7\nexport H\nx: A = 8\n$(A): B=9\n" +
      std::string(200'000, 'x') + "=" + std::string(200'000, 'y') + "\n");
  const auto value = [&](const char* name) { return makefile.variables.at(name); };
  CHECK(value("A") + value("B") + value("C") + value("D") == "1234");
  CHECK(value("E") == "echo");
  CHECK(value("F") == "a b");
  CHECK(value("G") == "7");
  CHECK(makefile.variables.size() == 8);
}

TEST_CASE("variables that refer to themselves end") {
  const auto makefile = parse_makefile("A = $(A) $(B)\nB = ${A}\nall: $(A) x\n");
  CHECK(makefile.prerequisites_of("all") == Names{"x"});
}

TEST_CASE("what the first goal makes becomes the targets") {
  const TempDir project;
  project.write("Makefile", R"(
.PHONY: all test
all: bin/server bin/client lib/libnet.a manual.pdf
bin/server: src/server.c lib/libnet.a
	cc -o $@ $^
bin/client: src/client.c
	cc -o $@ $^
test: all
	./test.sh
)");
  project.write("src/server.c", "");
  project.write("include/net.h", "");
  project.write("tests/net.c", "");
  project.write("README.md", "");
  const auto proposal = proposal_for(project);
  CHECK(proposal.type == config::ProjectType::Mixed);
  CHECK(summary(proposal) == Names{"server executable", "client executable", "libnet.a library",
                                   "manual.pdf custom", "test test"});
  const auto server = target_in(proposal, "server");
  CHECK(server.build_command == "make bin/server");
  CHECK(server.output_path == "bin/server");
  CHECK(server.watch_paths == Names{"include/**/*.h", "src/**/*.c", "Makefile"});
  CHECK(target_in(proposal, "test").test_command == "make test");
  CHECK(target_in(proposal, "test").watch_paths ==
        Names{"include/**/*.h", "src/**/*.c", "tests/**/*.c", "Makefile"});
  // Both programs are linked with the one library, so they are not built at once.
  CHECK(proposal.text.find("\"parallelization\": 1") != std::string::npos);
}

TEST_CASE("a program that only a variable names is found") {
  const TempDir project;
  project.write("Makefile", "TARGET = game\nall: build\nbuild:\n\t./make.sh\n.PHONY: all build\n");
  const auto game = target_in(proposal_for(project), "game");
  CHECK(game.type == config::TargetType::Executable);
  CHECK(game.build_command == "make build");
  CHECK(game.output_path == "game");
}

TEST_CASE("a Makefile whose goals make no file is still a command to run") {
  const TempDir project;
  project.write("Makefile", ".PHONY: all site\nall: site\nsite:\n\t./generate\n");
  const auto site = target_in(proposal_for(project), "site");
  CHECK(site.type == config::TargetType::Custom);
  CHECK(site.build_command == "make site");
  CHECK(site.output_path.empty());
}

TEST_CASE("a goal named like a directory is run each time, so it is not taken for a program") {
  const TempDir project;
  project.write("Makefile", "all: server\nserver:\n\t$(MAKE) -C server\n");
  project.write("server/main.c", "");
  CHECK(summary(proposal_for(project)) == Names{"server custom"});
}
