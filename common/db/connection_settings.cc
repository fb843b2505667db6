#include "common/db/connection_settings.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <absl/strings/str_split.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/db/failure.h"
#include "common/error/try.h"

namespace ftl {
namespace {

// jit costs more than it gives at our sizes. Prepared plans stay: one made while a table was small would read all of it
// when it has grown, so tables are read by their indexes, which lead every query.
constexpr std::string_view kOptions =
    "-c timezone=UTC -c datestyle=ISO -c jit=off -c enable_seqscan=off -c client_connection_check_interval=5s "
    "-c idle_in_transaction_session_timeout=60s";

std::string* Find(ConnectionKeywords& keywords, std::string_view name) {
  for (auto& [keyword, value] : keywords) {
    if (keyword == name) return &value;
  }
  return nullptr;
}

void Set(ConnectionKeywords& keywords, std::string_view name, std::string value) {
  if (std::string* known = Find(keywords, name)) {
    *known = std::move(value);
  } else {
    keywords.emplace_back(name, std::move(value));
  }
}

// A unix socket's folder, or "" which means the default one.
bool IsUnixSocket(const std::string& host) { return host.empty() || host.starts_with('/') || host.starts_with('@'); }

bool IsLiteral(const std::string& host) {
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

bool StaysHere(const std::string& host) {
  if (IsUnixSocket(host) || host == "localhost") return true;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

// What a keyword says, or the variable that libpq reads in its absence; empty where neither is there.
std::string Asked(ConnectionKeywords& keywords, std::string_view keyword, const char* variable) {
  if (const std::string* value = Find(keywords, keyword)) return *value;
  const char* environment = std::getenv(variable);
  return environment ? environment : "";
}

std::vector<std::string> Hosts(ConnectionKeywords& keywords) {
  return absl::StrSplit(Asked(keywords, "host", "PGHOST"), ',');
}

bool AreAll(const std::vector<std::string>& hosts, bool (*is)(const std::string&)) {
  return std::all_of(hosts.begin(), hosts.end(), is);
}

absl::Status RequireTls(ConnectionKeywords& keywords) {
  if (Find(keywords, "service")) return absl::InvalidArgumentError("names a service file; say host and sslmode here");
  // An address, where there is one, is what libpq connects to, whatever the host is called.
  const std::string addresses = Asked(keywords, "hostaddr", "PGHOSTADDR");
  const std::vector<std::string> hosts = addresses.empty() ? Hosts(keywords) : absl::StrSplit(addresses, ',');
  if (AreAll(hosts, IsUnixSocket)) return absl::OkStatus();
  const std::string asked = Asked(keywords, "sslmode", "PGSSLMODE");
  if (asked.empty()) Set(keywords, "sslmode", "require");
  const bool may_be_plain = asked == "disable" || asked == "allow" || asked == "prefer";
  if (!may_be_plain || AreAll(hosts, StaysHere)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "lets data travel in plain text; say sslmode=verify-full, or reach it over a unix socket");
}

}  // namespace

absl::StatusOr<ConnectionKeywords> ReadConnectionString(const std::string& url, const std::string& role,
                                                        const std::string& application_name,
                                                        const std::string& server_settings) {
  char* words = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfoParse(url.c_str(), &words),
                                                                               PQconninfoFree);
  PQfreemem(words);
  if (!options) return absl::InvalidArgumentError("does not read as a PostgreSQL connection string");
  ConnectionKeywords keywords;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) keywords.emplace_back(option->keyword, option->val);
  }
  // The last word counts: the URL's stands above what a module prefers, and below what the programs build on.
  std::string startup = server_settings;
  if (const std::string* own = Find(keywords, "options")) startup += ' ' + *own;
  startup += fmt::format(" {}", kOptions);
  if (!role.empty()) startup += fmt::format(" -c role={}", role);
  Set(keywords, "options", startup);
  Set(keywords, "client_encoding", "UTF8");
  // Kerberos look-ups would block.
  if (!Find(keywords, "gssencmode")) Set(keywords, "gssencmode", "disable");
  if (!application_name.empty()) Set(keywords, "application_name", application_name);
  TRY(RequireTls(keywords));
  return keywords;
}

Task<ConnectionKeywords> ResolveHosts(ConnectionKeywords keywords, Deadline deadline) {
  const std::vector<std::string> hosts = Hosts(keywords);
  bool names = false;
  for (const std::string& host : hosts) names |= !IsUnixSocket(host) && !IsLiteral(host);
  if (!names || Find(keywords, "hostaddr")) co_return keywords;

  std::vector<std::string> ports = {""};
  if (const std::string* port = Find(keywords, "port")) ports = absl::StrSplit(*port, ',');
  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  std::string all_hosts, all_addresses, all_ports;
  for (size_t i = 0; i < hosts.size(); ++i) {
    std::vector<std::string> addresses;
    if (IsUnixSocket(hosts[i])) {
      addresses.push_back("");
    } else {
      asio::steady_timer timer(resolver.get_executor(), deadline);
      timer.async_wait([&resolver](boost::system::error_code error) {
        if (!error) resolver.cancel();
      });
      const auto [error, found] = co_await resolver.async_resolve(hosts[i], "", asio::as_tuple(asio::use_awaitable));
      if (error) continue;
      for (const auto& entry : found) addresses.push_back(entry.endpoint().address().to_string());
    }
    for (const std::string& address : addresses) {
      const std::string_view comma = all_hosts.empty() && all_addresses.empty() ? "" : ",";
      all_hosts += fmt::format("{}{}", comma, hosts[i]);
      all_addresses += fmt::format("{}{}", comma, address);
      all_ports += fmt::format("{}{}", comma, ports.size() == 1 ? ports[0] : ports[i % ports.size()]);
    }
  }
  if (all_addresses.empty()) co_return DatabaseUnavailable("no host name of the database URL has an address");
  Set(keywords, "host", all_hosts);
  Set(keywords, "hostaddr", all_addresses);
  Set(keywords, "port", all_ports);
  co_return keywords;
}

}  // namespace ftl
