// Tests of store URLs: the accepted forms, the refused forms, and the error messages.

#include <gtest/gtest.h>

#include "storage/sqlite/private_file.hpp"
#include "storage/store.hpp"

namespace couponhook::storage {
namespace {

TEST(StoreUrl, TakesPathsRelativeToTheGivenFolder) {
  const auto url = parse_store_url("sqlite:data/couponhook.db", "/etc/couponhook");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->engine, "sqlite");
  EXPECT_EQ(url->path, "/etc/couponhook/data/couponhook.db");
}

TEST(StoreUrl, TakesAbsolutePathsAsTheyAre) {
  EXPECT_EQ(parse_store_url("sqlite:/var/lib/c.db", "/etc/couponhook")->path, "/var/lib/c.db");
}

TEST(StoreUrl, RefusesWhatIsNoUrlAndNamesTheForm) {
  for (const char* text : {"", "couponhook.db", "sqlite:", "sqlite:data/", "mysql:x"}) {
    const auto url = parse_store_url(text, "/etc");
    ASSERT_FALSE(url) << text;
    EXPECT_NE(url.error().message.find("sqlite:PATH"), std::string::npos) << url.error().message;
  }
}

TEST(StoreUrl, TakesBothFormsOfAServersAddress) {
  for (const char* text : {"postgresql://user:hunter2@db:5433/coupons?sslmode=verify-full",
                           "postgres://user:hunter2@db:5433/coupons"}) {
    const auto url = parse_store_url(text, "/etc");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->engine, "postgresql");
    EXPECT_EQ(url->address, text);
    EXPECT_EQ(url->name(), "postgresql://db:5433/coupons");
  }
}

TEST(StoreUrl, RepeatsNoPassword) {
  for (const char* text :
       {"postgresql://user:hunter%2@db/c", "postgresql://user:hunter%2@db/c?no_such=1",
        "postgresql://db/c?password=hunter%2", "postgres:user:hunter2", "mysql://u:hunter2@db/c",
        "postgresql://user:hun@ter2@db/c", "postgresql://user:hun/ter2@db/c"}) {
    const auto url = parse_store_url(text, "/etc");
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().message.find("hun"), std::string::npos) << url.error().message;
    EXPECT_EQ(url.error().message.find("ter2"), std::string::npos) << url.error().message;
  }
}

TEST(StoreUrl, SaysWhatIsWrongWithAServersAddress) {
  const auto url = parse_store_url("postgresql://user@db/c?sslmod=require", "/etc");
  ASSERT_FALSE(url);
  EXPECT_NE(url.error().message.find("sslmod"), std::string::npos) << url.error().message;
}

// The numbers in this test are the f_type values of statfs(2), which identify file systems.
TEST(NetworkFileSystem, IsDetectedByItsNumber) {
  EXPECT_EQ(network_file_system(0x6969), "NFS");
  EXPECT_EQ(network_file_system(0xFF534D42), "SMB");
  EXPECT_EQ(network_file_system(0xFE534D42), "SMB");
  EXPECT_EQ(network_file_system(0x517B), "SMB");
  EXPECT_EQ(network_file_system(0x01021997), "9P");
  EXPECT_EQ(network_file_system(0x5346414F), "AFS");
}

TEST(NetworkFileSystem, IsNotALocalOne) {
  EXPECT_EQ(network_file_system(0xEF53), "");  // number of the file system ext4, which is local
  // Number of FUSE, which may be a local file system.
  EXPECT_EQ(network_file_system(0x65735546), "");
}

}  // namespace
}  // namespace couponhook::storage
