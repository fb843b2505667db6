#include "gateway/pages/pages.h"

#include <algorithm>
#include <deque>
#include <string>

#include <fmt/format.h>

namespace ftl::gateway {
namespace {

std::string_view TypeOf(std::string_view path) {
  const std::string_view end = path.substr(std::min(path.rfind('.'), path.size()));
  if (end == ".html") return "text/html; charset=utf-8";
  if (end == ".js") return "text/javascript; charset=utf-8";
  if (end == ".css") return "text/css; charset=utf-8";
  if (end == ".svg") return "image/svg+xml";
  if (end == ".png") return "image/png";
  if (end == ".ico") return "image/x-icon";
  if (end == ".woff2") return "font/woff2";
  if (end == ".json" || end == ".map") return "application/json";
  return "application/octet-stream";
}

// Vite puts a hash into the name of everything below `assets/`.
bool NeverChanges(std::string_view path) { return path.substr(0, 7) == "assets/"; }

bool TakesGzip(const http::RequestHead& head) {
  const std::string_view accepted = head.Find("accept-encoding").value_or("");
  const size_t at = accepted.find("gzip");
  return at != std::string_view::npos && accepted.substr(at + 4, 4) != ";q=0";
}

http::Response FileAnswer(const EmbeddedFile& file, const http::RequestHead& head) {
  const bool zipped = TakesGzip(head) && file.gzip.size() < file.bytes.size();
  const std::string tag = fmt::format("\"{}{}\"", file.hash, zipped ? "-gz" : "");
  http::Response response;
  response.cache_control = NeverChanges(file.path) ? "public, max-age=31536000, immutable" : "no-cache";
  response.With("ETag", tag).With("Vary", "Accept-Encoding");
  if (head.Find("if-none-match").value_or("").find(tag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.content_type = TypeOf(file.path);
  response.shared_body = zipped ? file.gzip : file.bytes;
  if (zipped) response.With("Content-Encoding", "gzip");
  return response;
}

Route FileRoute(std::string_view path, const EmbeddedFile& file) {
  Route route;
  route.method = "GET";
  route.path = path;
  route.tier = Tier::kOperations;
  route.handler = [&file](Incoming& incoming) {
    return incoming.exchange.Send(FileAnswer(file, incoming.exchange.head()));
  };
  return route;
}

// Routes keep views; this keeps the paths for as long as the program runs.
std::string_view Kept(std::string path) {
  static auto& paths = *new std::deque<std::string>;
  return paths.emplace_back(std::move(path));
}

}  // namespace

std::vector<Route> PageRoutes(bool demo_enabled, bool has_workspace) {
  std::vector<Route> routes;
  for (const EmbeddedFile& file : PageFiles()) {
    if (file.path == "index.html") {
      if (!demo_enabled) continue;
      routes.push_back(FileRoute("/", file));
      routes.push_back(FileRoute("/demo/test-model", file));
    } else if (file.path == "workspace.html") {
      if (has_workspace) routes.push_back(FileRoute("/workspace", file));
    } else if (file.path == "docs.html") {
      routes.push_back(FileRoute("/docs", file));
    } else {
      routes.push_back(FileRoute(Kept(fmt::format("/{}", file.path)), file));
    }
  }
  return routes;
}

}  // namespace ftl::gateway
