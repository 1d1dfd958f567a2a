// Checks that couponhook recognises JPG, PNG and BMP images by their content, reads their size, and
// refuses damaged, truncated and hostile files. The images were made by other programs.

#include "wechatpay/image_header.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "images.hpp"

namespace couponhook::wechatpay {
namespace {

using namespace std::string_literals;

std::string shape(const std::string& content) {
  const auto header = read_image_header(content);
  if (!header) return header.error().text();
  return std::string(to_string(header->kind)) + " " + std::to_string(header->width) + "x" +
         std::to_string(header->height);
}

std::string replaced(std::string content, std::size_t at, const std::string& bytes) {
  return content.replace(at, bytes.size(), bytes);
}

/// The checksum of a PNG chunk, bit by bit as in the appendix of the PNG specification.
std::string checksum(const std::string& bytes) {
  std::uint32_t value = 0xFFFF'FFFFU;
  for (const char c : bytes) {
    value ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? value >> 1U ^ 0xEDB8'8320U : value >> 1U;
    }
  }
  value = ~value;
  std::string text;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) text += static_cast<char>(value >> shift & 255U);
  return text;
}

/// Returns the PNG image with other bytes in its IHDR chunk, and with the right checksum for them.
std::string with_png_header(std::size_t at, const std::string& bytes) {
  const std::string png = replaced(png_logo(), 16 + at, bytes);
  return replaced(png, 29, checksum(png.substr(12, 17)));
}

TEST(ReadImageHeader, ReadsWhatOtherProgramsWrote) {
  EXPECT_EQ(shape(jpg_logo()), "JPG 120x120");
  EXPECT_EQ(shape(png_logo()), "PNG 120x120");
  EXPECT_EQ(shape(small_bmp()), "BMP 2x1");
}

TEST(ReadImageHeader, RefusesEveryTruncation) {
  for (const std::string& image : {jpg_logo(), png_logo(), small_bmp()}) {
    for (std::size_t size = 0; size < image.size(); ++size) {
      EXPECT_FALSE(read_image_header(image.substr(0, size))) << "at byte " << size;
    }
  }
}

TEST(ReadImageHeader, SaysThatAFileIsCutShort) {
  for (const std::string& image : {jpg_logo(), png_logo(), small_bmp()}) {
    const auto header = read_image_header(image.substr(0, image.size() - 1));
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().code, ImageFault::kCutShort);
  }
  EXPECT_NE(shape(small_bmp().substr(0, 60)).find("60 bytes of 62"), std::string::npos);
}

TEST(ReadImageHeader, RefusesEveryChangedByteOfPng) {
  for (std::size_t at = 0; at < png_logo().size(); ++at) {
    std::string changed = png_logo();
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(read_image_header(changed)) << "byte " << at;
  }
}

TEST(ReadImageHeader, AcceptsBytesAfterTheEnd) {
  EXPECT_EQ(shape(jpg_logo() + "more"), "JPG 120x120");
  EXPECT_EQ(shape(png_logo() + "more"), "PNG 120x120");
  EXPECT_EQ(shape(small_bmp() + "more"), "BMP 2x1");
}

TEST(ReadImageHeader, ReadsProgressiveJpg) {
  const std::size_t frame = jpg_logo().find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  EXPECT_EQ(shape(replaced(jpg_logo(), frame, "\xFF\xC2")), "JPG 120x120");
}

TEST(ReadImageHeader, IsNotMisledByTheThumbnailOfAJpg) {
  // An APP1 segment (Exif) that holds a whole JPG of another size.
  std::string thumbnail = jpg_logo();
  thumbnail = replaced(thumbnail, thumbnail.find("\xFF\xC0") + 5, "\0\x10\0\x10"s);
  const std::size_t length = thumbnail.size() + 2;
  std::string segment = "\xFF\xE1";
  segment += static_cast<char>(length >> 8U);
  segment += static_cast<char>(length & 255U);
  EXPECT_EQ(shape(jpg_logo().insert(2, segment + thumbnail)), "JPG 120x120");
}

TEST(ReadImageHeader, AcceptsFillBytesBeforeJpgMarkers) {
  EXPECT_EQ(shape(jpg_logo().insert(2, "\xFF\xFF\xFF")), "JPG 120x120");
}

TEST(ReadImageHeader, RefusesJpgWithoutAUsableSize) {
  const std::size_t frame = jpg_logo().find("\xFF\xC0");
  EXPECT_NE(shape(replaced(jpg_logo(), frame + 5, "\0\0"s)).find("size"), std::string::npos);
  EXPECT_NE(shape(replaced(jpg_logo(), frame + 9, "\x02")).find("size"), std::string::npos);
  EXPECT_NE(shape(replaced(jpg_logo(), frame, "\xFF\xE0")).find("before its size"),
            std::string::npos);
}

TEST(ReadImageHeader, RefusesJpgWithoutAPicture) {
  EXPECT_NE(shape("\xFF\xD8\xFF\xD9").find("no picture"), std::string::npos);
  EXPECT_NE(shape("\xFF\xD8\xFF\xE0\0\x02odd"s).find("no marker at byte 6"), std::string::npos);
}

TEST(ReadImageHeader, RefusesPngValuesThatDoNotExist) {
  EXPECT_EQ(shape(with_png_header(0, "\0\0\0\x78"s)), "PNG 120x120") << "the checksum is right";
  EXPECT_NE(shape(with_png_header(0, "\0\0\0\0"s)).find("is 0"), std::string::npos);
  EXPECT_NE(shape(with_png_header(8, "\x03")).find("IHDR"), std::string::npos) << "bit depth";
  EXPECT_NE(shape(with_png_header(8, "\x10\x03")).find("IHDR"), std::string::npos) << "palette";
  EXPECT_NE(shape(with_png_header(9, "\x05")).find("IHDR"), std::string::npos) << "colour type";
  EXPECT_NE(shape(with_png_header(12, "\x02")).find("IHDR"), std::string::npos) << "interlace";
}

TEST(ReadImageHeader, BoundsTheSize) {
  EXPECT_EQ(shape(with_png_header(0, "\0\0\x40\0\0\0\0\x01"s)), "PNG 16384x1");
  const auto wide = read_image_header(with_png_header(0, "\0\0\x40\x01\0\0\0\x01"s));
  ASSERT_FALSE(wide);
  EXPECT_EQ(wide.error().code, ImageFault::kTooWide);
  EXPECT_NE(wide.error().text().find("16385 x 1"), std::string::npos);
  EXPECT_FALSE(read_image_header(replaced(small_bmp(), 18, "\xFF\xFF\xFF\x7F")));
}

TEST(ReadImageHeader, RefusesPngWithoutAPicture) {
  const std::string png = png_logo();
  const std::string end = png.substr(png.size() - 12);
  EXPECT_NE(shape(png.substr(0, 33) + end).find("IDAT"), std::string::npos);
  EXPECT_NE(shape(png.substr(0, 8) + end).find("IHDR"), std::string::npos);
  EXPECT_NE(shape(png.substr(0, 33) + png.substr(8, 25) + end).find("two IHDR"), std::string::npos);
}

TEST(ReadImageHeader, ReadsBmpFromTopToBottom) {
  EXPECT_EQ(shape(replaced(small_bmp(), 22, "\xFF\xFF\xFF\xFF")), "BMP 2x1");
}

TEST(ReadImageHeader, ReadsTheOldestBmpHeader) {
  const std::string core = "BM\x22\0\0\0\0\0\0\0\x1A\0\0\0\x0C\0\0\0\x02\0\x01\0\x01\0\x18\0"s +
                           "\0\0\xFF\xFF\xFF\xFF\0\0"s;
  EXPECT_EQ(shape(core), "BMP 2x1");
  EXPECT_NE(shape(core.substr(0, 33)).find("cut short"), std::string::npos);
}

TEST(ReadImageHeader, RefusesBmpValuesThatDoNotExist) {
  EXPECT_FALSE(read_image_header(replaced(small_bmp(), 14, "\x29")));         // size of the header
  EXPECT_FALSE(read_image_header(replaced(small_bmp(), 18, "\0\0\0\0"s)));    // width
  EXPECT_FALSE(read_image_header(replaced(small_bmp(), 22, "\0\0\0\x80"s)));  // height -2^31
  EXPECT_FALSE(read_image_header(replaced(small_bmp(), 26, "\x02")));         // planes
  EXPECT_FALSE(read_image_header(replaced(small_bmp(), 28, "\x17")));         // bits a pixel
  EXPECT_FALSE(read_image_header(replaced(small_bmp(), 30, "\x05")));         // compression
  EXPECT_FALSE(read_image_header(replaced(small_bmp(), 10, "\x20")));         // begin of the rows
  EXPECT_FALSE(read_image_header(replaced(small_bmp(), 10, "\xFF\xFF\xFF\xFF")));
}

TEST(ReadImageHeader, NamesOtherKindsOfFiles) {
  const std::pair<std::string, const char*> kinds[] = {
      {"GIF89a\x01\0\x01\0"s, "GIF"},       {"RIFF\x10\0\0\0WEBPVP8 "s, "WebP"},
      {"\0\0\0\x18"s + "ftypheic", "HEIC"}, {"II*\0\x08\0\0\0"s, "TIFF"},
      {"\0\0\x01\0\x03\0"s, "ICO"},         {"<?xml version=\"1.0\"?><svg/>", "SVG"},
      {"<!DOCTYPE html>", "web page"},      {"%PDF-1.7", "PDF"},
      {"8BPS\0\x01"s, "Photoshop"},
  };
  for (const auto& [content, name] : kinds) {
    const std::string text = shape(content);
    EXPECT_NE(text.find(name), std::string::npos) << text;
    EXPECT_NE(text.find("save it as JPG, PNG or BMP"), std::string::npos) << text;
  }
  EXPECT_EQ(shape(""), "is empty");
  EXPECT_NE(shape("hello").find("is no image"), std::string::npos);
}

TEST(ReadImageHeader, SurvivesEveryByteValueAtEveryPlace) {
  for (const std::string& image : {jpg_logo(), png_logo(), small_bmp()}) {
    for (std::size_t at = 0; at < std::min<std::size_t>(image.size(), 80); ++at) {
      for (int value = 0; value < 256; value += 5) {
        std::string changed = image;
        changed[at] = static_cast<char>(value);
        const auto header = read_image_header(changed);
        if (!header) continue;
        EXPECT_LE(std::max(header->width, header->height), kImageSideMax);
      }
    }
  }
}

}  // namespace
}  // namespace couponhook::wechatpay
