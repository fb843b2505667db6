#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <boost/url/parse.hpp>

#include "common/endpoint/url/endpoint.h"

// How many URLs a second the egress policy judges, by kind, beside what Boost.URL needs to read the same ones and judge
// nothing. One thread. Prints JSON: [{kind, urls, ours, floor}], both in URLs a second.
namespace ftl {
namespace {

struct Kind {
  std::string_view name;
  bool is_allowed;
  std::vector<std::string> urls;
};

// More of one pattern than any memory of earlier answers would hold.
std::vector<std::string> ManyNames(std::string_view pattern) {
  std::vector<std::string> urls;
  for (int i = 1000; i < 6000; ++i) urls.push_back(fmt::format(fmt::runtime(pattern), i));
  return urls;
}

std::vector<Kind> Kinds() {
  return {
      {"names",
       true,
       {"https://api.together.xyz/v1", "https://api.openai.com/v1/chat/completions", "https://openrouter.ai/api/v1",
        "https://my-res.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
        "http://llm.acme-models.com:8000/v1", "https://xyz.us-east-1.aws.endpoints.huggingface.cloud/v1"}},
      {"IPv4 literals", true, {"http://8.8.8.8/v1", "https://1.1.1.1", "http://104.18.7.192:8000/v1"}},
      {"IPv6 literals",
       true,
       {"http://[2606:4700:4700::1111]/v1", "https://[2001:4860:4860::8888]:8443",
        "http://[2400:cb00:2048:1:0:0:681b:99c0]:8000/v1"}},
      {"forbidden addresses",
       false,
       {"http://127.0.0.1/v1", "http://169.254.169.254/latest/meta-data/", "http://[::ffff:a00:1]/v1",
        "http://[64:ff9b::7f00:1]", "http://10.0.0.1:8000", "http://[fd00:ec2::254]/"}},
      {"forbidden names and ports",
       false,
       {"http://localhost:11434/v1", "http://metadata.google.internal/computeMetadata/v1/", "http://127.0.0.1.nip.io",
        "https://api.openai.com:22", "http://printer.local.", "http://intranet"}},
      {"odd spellings",
       false,
       {"http://2130706433/v1", "http://0x7f.1", "http://0177.0.0.1", "http://127.1", "http://1.2.3.4.",
        "http://user@api.openai.com", "http://api.openai.com\\@127.0.0.1", "http://127%2e0.0.1"}},
      {"A-labels",
       true,
       {"https://xn--mnchen-3ya.de/v1", "https://xn--e1afmkfd.xn--p1ai", "https://xn--fiqs8s.xn--fiqz9s"}},
      {"international names",
       true,
       {"https://m\u00fcnchen.de/v1", "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
        "https://\u65e5\u672c\u8a9e.jp/v1"}},
      {"digits and dots that IDNA maps",
       false,
       {"http://\uff11\uff12\uff17.0.0.1", "http://127\u30020\u30020\u30021",
        "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460"}},
      {"international names, each new", true, ManyNames("https://m\u00fcnchen-{}.de/v1")},
      {"A-labels, each new", true, ManyNames("https://xn--mnchen-{}-thb.de/v1")},
  };
}

// The best of five goes of a tenth of a second each: a machine that does something else meanwhile only makes it worse.
template <typename Judge>
double PerSecond(const std::vector<std::string>& urls, const Judge& judge) {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  for (int go = 0; go < 5; ++go) {
    const Clock::time_point start = Clock::now();
    int64_t judged = 0;
    std::chrono::duration<double> took{};
    while (took.count() < 0.1) {
      const size_t rounds = 1 + 500 / urls.size();
      for (size_t i = 0; i < rounds; ++i) {
        for (const std::string& url : urls) judge(url);
      }
      judged += static_cast<int64_t>(rounds * urls.size());
      took = Clock::now() - start;
    }
    best = std::max(best, static_cast<double>(judged) / took.count());
  }
  return best;
}

int Run() {
  const AddressPolicy policy;
  int64_t passed = 0;
  int64_t read = 0;
  std::string rows;
  for (const Kind& kind : Kinds()) {
    for (const std::string& url : kind.urls) {
      if (Endpoint::Parse(url, policy).ok() == kind.is_allowed) continue;
      fmt::print(stderr, "policy_speed: {} is judged wrongly\n", url);
      return 1;
    }
    const double ours =
        PerSecond(kind.urls, [&](const std::string& url) { passed += Endpoint::Parse(url, policy).ok(); });
    const double floor =
        PerSecond(kind.urls, [&](const std::string& url) { read += boost::urls::parse_uri(url).has_value(); });
    rows += fmt::format("{}{{\"kind\":\"{}\",\"ours\":{:.0f},\"floor\":{:.0f}}}", rows.empty() ? "" : ",", kind.name,
                        ours, floor);
  }
  // Both sums are told, so that no compiler may leave the work out.
  fmt::print("{{\"kinds\":[{}],\"passed\":{},\"read\":{}}}\n", rows, passed, read);
  return 0;
}

}  // namespace
}  // namespace ftl

int main() { return ftl::Run(); }
