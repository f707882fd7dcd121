// SPDX-License-Identifier: MIT
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "cli/output.h"
#include "cli/verb_functions.h"
#include "daemon/trusted_list.h"

namespace poltergeist::cli {

namespace fs = std::filesystem;

namespace {

int refused(const Error& error) {
  return report({exit_code_for(error.code), error.message, {}});
}

int list(const config::TrustedDirectories& trusted) {
  for (const auto& directory : trusted) print(for_terminal(directory.string()) + '\n');
  return to_int(ExitCode::Yes);
}

Attempt<fs::path> directory_of(const std::string& named) {
  std::error_code error;
  const auto directory = fs::canonical(named.empty() ? "." : named, error);
  const auto shown = for_terminal(named.empty() ? "." : named);
  if (error) return refuse(ExitCode::Usage, "{}: {}", shown, error.message());
  if (!fs::is_directory(directory)) return refuse(ExitCode::Usage, "{} is no directory", shown);
  if (!config::can_be_listed(directory)) {
    return refuse(ExitCode::Usage, "{}: a path with a line break cannot be trusted", shown);
  }
  return directory;
}

// One that is gone must still be revocable: by the text of its path.
fs::path revoked_path(const std::string& named) {
  std::error_code error;
  const fs::path given = named.empty() ? "." : named;
  const auto real = fs::canonical(given, error);
  return error ? fs::absolute(given).lexically_normal() : real;
}

int revoke(config::TrustedDirectories trusted, const std::string& named) {
  const auto directory = revoked_path(named);
  const auto shown = for_terminal(directory.string());
  if (trusted.erase(directory) == 0) {
    say(shown + " was not trusted");
    return to_int(ExitCode::Yes);
  }
  if (const auto written = daemon::write_trusted_list(trusted); !written)
    return refused(written.error());
  print(fmt::format("{} is no longer trusted\n", shown));
  return to_int(ExitCode::Yes);
}

int trust(config::TrustedDirectories trusted, const std::string& named) {
  const auto directory = directory_of(named);
  if (!directory) return report(directory.error());
  trusted.insert(*directory);
  if (const auto written = daemon::write_trusted_list(trusted); !written)
    return refused(written.error());
  print(fmt::format("trusted: {}\n", for_terminal(directory->string())));
  return to_int(ExitCode::Yes);
}

}  // namespace

int verb_trust(Arguments& arguments) {
  std::string named;
  bool revoking = false;
  bool listing = false;
  arguments.positional("dir", named, "the working directory if none is named",
                       Parameter::Offer::Directories);
  arguments.flag("--revoke", revoking, "trust it no longer");
  arguments.flag("--list", listing, "print the trusted directories");
  if (const auto end = arguments.end()) return *end;
  if (revoking && listing) return arguments.misuse("--revoke and --list exclude each other");

  auto trusted = daemon::read_trusted_list();
  if (!trusted) return refused(trusted.error());
  if (listing) return list(*trusted);
  return revoking ? revoke(std::move(*trusted), named) : trust(std::move(*trusted), named);
}

}  // namespace poltergeist::cli
