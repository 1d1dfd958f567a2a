#include "sandbox/uploaded_images.hpp"

#include <utility>

#include "base/url.hpp"
#include "sandbox/digests.hpp"

namespace couponhook::server::sandbox {

std::string UploadedImages::keep(std::string content, std::string_view media_type,
                                 std::string_view base_url) {
  constexpr std::size_t kIdDigits = 40;
  const std::string id = sha256_hex(content).substr(0, kIdDigits);
  std::string url = std::string(base_url).append("/wxpaylogo/").append(id).append("/0");
  urls_.insert(url);
  Image& image = images_[id];
  if (image.content.empty()) {
    content_bytes_ += content.size();
    image = {std::move(content), media_type};
    ids_in_order_.push_back(id);
    drop_oldest_contents();
  }
  return url;
}

void UploadedImages::drop_oldest_contents() {
  while (content_bytes_ > kContentBytesMax) {
    std::string& oldest = images_[ids_in_order_.front()].content;
    content_bytes_ -= oldest.size();
    oldest = std::string();
    ids_in_order_.pop_front();
  }
}

const UploadedImages::Image* UploadedImages::find(std::string_view id) const {
  const auto found = images_.find(id);
  return found == images_.end() || found->second.content.empty() ? nullptr : &found->second;
}

bool UploadedImages::accepts(std::string_view url) const {
  if (urls_.contains(url)) return true;
  const auto parsed = base::parse_url(url);
  return parsed && parsed->tls && (parsed->host == "qpic.cn" || parsed->host.ends_with(".qpic.cn"));
}

}  // namespace couponhook::server::sandbox
