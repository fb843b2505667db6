#include "common/host/misspelt_settings.h"

#include <gtest/gtest.h>

namespace ftl::host {
namespace {

const std::vector<std::string_view> kSettings = {"DATABASE_URL", "DEMO_ENABLED", "DEMO_SESSION_TTL_SECONDS",
                                                 "FTL_TLS_CA_FILE"};

TEST(MisspeltSettingsTest, NamesWhatWasMeant) {
  for (const char* given : {"DEMO_SESION_TTL_SECONDS", "DEMO_SESSION_TTL_SECOND", "DEMO_SESSIONS_TTL_SECONDS",
                            "DMEO_SESSION_TTL_SECONDS", "DEMO-SESSION_TTL_SECONDS"}) {
    const auto misspelt = MisspeltSettings({given}, kSettings);
    ASSERT_EQ(misspelt.size(), 1u) << given;
    EXPECT_EQ(misspelt[0].given, given);
    EXPECT_EQ(misspelt[0].meant, "DEMO_SESSION_TTL_SECONDS");
  }
}

TEST(MisspeltSettingsTest, LeavesOthersNamesAlone) {
  EXPECT_TRUE(
      MisspeltSettings({"DEMO_ENABLED", "PATH", "", "DATABASE_URLS", "FTL_TLS_CERT_FILE", "FTL_BUILD_DIR"}, kSettings)
          .empty());
}

TEST(ForeignSettingsTest, NamesWhatIsOursByItsNameAlone) {
  EXPECT_EQ(
      ForeignSettings({"DEMO_ENABLED", "PATH", "DEMO_SESION_TTL_SECONDS", "FTL_TLS_CERT_FILE", "DEMO_TTL"}, kSettings),
      (std::vector<std::string>{"FTL_TLS_CERT_FILE", "DEMO_TTL"}));
}

}  // namespace
}  // namespace ftl::host
