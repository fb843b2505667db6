#include "gateway/workspace_door.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/workspace/token.h"
#include "finetunelab/session_vault/v1/identity_service.pb.h"
#include "gateway/http/caller.h"

namespace ftl::gateway {

namespace vault = finetunelab::session_vault::v1;

namespace {

constexpr std::string_view kFindToken = "finetunelab.session_vault.v1.IdentityService.FindToken";

bool MayDo(const vault::FindTokenResponse& token, std::string_view scope) {
  return std::any_of(token.scopes().begin(), token.scopes().end(), [scope](int given) {
    const auto word = EnumWord(static_cast<vault::Scope>(given));
    return word == scope || given == vault::SCOPE_ADMIN;
  });
}

}  // namespace

bool NamesLoopback(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    host = host.substr(1, end - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  if (http::EqualsIgnoringCase(host, "localhost")) return true;
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(std::string(host), no_address);
  return !no_address && address.is_loopback();
}

Task<std::string> WorkspaceDoor::Admit(const CallContext& call, const http::RequestHead& head, std::string_view scope) {
  if (!NamesLoopback(head.host) || http::IsForeign(head)) {
    co_return Refuse(
        Reason::kForbiddenOrigin,
        "The workspace answers to this machine alone; call it by 127.0.0.1 or localhost, and from no other site.");
  }
  if (!head.Find("authorization")) co_return LocalOwner();
  vault::FindTokenRequest request;
  request.set_token_sha256(TokenSha256(http::BearerOf(head)));
  CO_TRY(const auto token, co_await upstream_.Call<vault::FindTokenResponse>(call, kFindToken, std::move(request)));
  if (!MayDo(token, scope)) {
    co_return Refuse(Reason::kPermissionDenied, fmt::format("This token has not the scope `{}`.", scope))
        .With("scope", scope);
  }
  co_return token.owner();
}

}  // namespace ftl::gateway
