#pragma once

/// \file
/// Images that merchants uploaded to the sandbox (a simulated WeChat Pay).

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace couponhook::server::sandbox {

/// Keeps uploaded images and their URLs. A URL is valid as long as this object exists. The contents
/// of the oldest images are dropped when all contents together exceed kContentBytesMax. Not
/// thread-safe.
class UploadedImages {
 public:
  static constexpr std::size_t kContentBytesMax = std::size_t{32} * 1024 * 1024;

  struct Image {
    std::string content;          ///< bytes of the file; empty if they were dropped
    std::string_view media_type;  ///< such as "image/png"
  };

  /// Keeps an image.
  /// \param base_url address of the sandbox, with which the returned URL begins.
  /// \param media_type a text that exists as long as the program.
  /// \return the URL of the image (media_url). The same content always gets the same URL.
  std::string keep(std::string content, std::string_view media_type, std::string_view base_url);

  /// Returns the image with this id, which is part of its URL; null if there is none.
  [[nodiscard]] const Image* find(std::string_view id) const;

  /// Returns true if a stock (批次) may show the image at this URL: an image that was uploaded
  /// here, or one on WeChat Pay's own hosts (qpic.cn), which only the real upload API returns.
  [[nodiscard]] bool accepts(std::string_view url) const;

 private:
  void drop_oldest_contents();

  std::map<std::string, Image, std::less<>> images_;
  std::set<std::string, std::less<>> urls_;
  std::deque<std::string> ids_in_order_;  // ids of the images whose contents are kept
  std::size_t content_bytes_ = 0;
};

}  // namespace couponhook::server::sandbox
