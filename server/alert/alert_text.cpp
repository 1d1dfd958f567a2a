#include "server/alert/alert_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/excerpt.hpp"
#include "base/printable.hpp"
#include "base/utf8.hpp"
#include "base/wechat_time.hpp"

namespace couponhook::server {
namespace {

constexpr std::string_view kCutMark = "…";
constexpr std::size_t kDetailBytes = 300;
constexpr std::size_t kDetailsMost = 3;
constexpr std::int64_t kDayMs = 86'400'000;

/// Chooses between a Chinese and an English text.
class Words {
 public:
  explicit Words(AlertLanguage language) : is_chinese_(language == AlertLanguage::kZh) {}

  [[nodiscard]] std::string operator()(std::string_view zh, std::string_view en) const {
    return std::string(is_chinese_ ? zh : en);
  }
  [[nodiscard]] bool is_chinese() const { return is_chinese_; }

 private:
  bool is_chinese_;
};

/// Returns a duration in its two largest units, such as "2 h 5 min".
std::string duration_text(std::int64_t ms, const Words& words) {
  struct Unit {
    std::int64_t seconds;
    std::string_view zh;
    std::string_view en;
  };
  constexpr std::array<Unit, 4> kUnits = {Unit{86400, " 天", " d"}, Unit{3600, " 小时", " h"},
                                          Unit{60, " 分钟", " min"}, Unit{1, " 秒", " s"}};
  const std::int64_t seconds = std::max<std::int64_t>(0, ms / 1000);
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const Unit& unit = kUnits[i];
    if (seconds < unit.seconds && i + 1 < kUnits.size()) continue;
    std::string text = std::to_string(seconds / unit.seconds) + words(unit.zh, unit.en);
    if (i + 1 == kUnits.size() || i + 2 == kUnits.size()) return text;
    const Unit& next = kUnits[i + 1];
    const std::int64_t rest = seconds % unit.seconds / next.seconds;
    if (rest != 0) text += " " + std::to_string(rest) + words(next.zh, next.en);
    return text;
  }
  return {};
}

/// Returns a time to the minute: in Chinese texts as Beijing time, in English ones in UTC.
std::string time_text(std::int64_t unix_ms, const Words& words) {
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_ms / 1000)};
  std::string text =
      words.is_chinese() ? base::format_wechat_time(time) : base::format_unix_ms(unix_ms);
  constexpr std::size_t kToTheMinute = 16;
  text.resize(std::min(text.size(), kToTheMinute));
  std::ranges::replace(text, 'T', ' ');
  return text + words("（北京时间）", " UTC");
}

std::string joined_details(const std::vector<std::string>& details, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < details.size() && i < kDetailsMost; ++i) {
    if (i != 0) text += separator;
    text += base::excerpt(details[i], kDetailBytes);
  }
  if (details.size() > kDetailsMost) text += std::string(separator) + "…";
  return text;
}

/// Title, facts and remedy of one cause.
struct CauseWords {
  std::string title;
  std::string facts;
  std::string remedy;
};

/// Returns a reason against readiness in Chinese. The reasons are those of Readiness.
std::string reason_in_chinese(const std::string& reason) {
  if (reason.starts_with("store:")) return "存储无法提交数据";
  if (reason.starts_with("deliveries:")) return "投递线程没有响应";
  const std::size_t colon = reason.find(':');
  if (reason.starts_with("merchant ") && colon != std::string::npos) {
    const bool lacks_api_key = reason.find("APIv3") != std::string::npos;
    return "商户 " + reason.substr(9, colon - 9) +
           (lacks_api_key ? " 没有可用的 APIv3 密钥" : " 没有可用的平台证书或公钥");
  }
  return reason;
}

CauseWords not_ready_words(const Cause& cause, const Words& words) {
  std::vector<std::string> reasons = cause.details;
  if (words.is_chinese()) std::ranges::transform(reasons, reasons.begin(), reason_in_chinese);
  return {words("本实例未就绪", "this replica is not ready"),
          words("收到的通知可能无法保存：", "notifications may not be kept: ") +
              joined_details(reasons, words("；", "; ")),
          words("查看日志中的错误；运行 couponhook doctor，并检查磁盘、数据库和密钥文件",
                "look at the errors in the log; run `couponhook doctor`, and check the disk, the "
                "database and the key files")};
}

CauseWords quarantine_words(const Cause& cause, const Words& words) {
  const std::string count = std::to_string(cause.count);
  return {words("隔离区有无法读取的通知", "the quarantine holds notifications"),
          words(count + " 条微信支付签过名的通知无法解密或读取",
                count + " notifications that WeChat Pay signed cannot be decrypted or read"),
          words("运行 couponhook notifications --state quarantined 查看原因；改正 api_v3_key_files "
                "后运行 couponhook quarantine open --all",
                "`couponhook notifications --state quarantined` shows the reasons; correct "
                "api_v3_key_files, then run `couponhook quarantine open --all`")};
}

CauseWords unknown_serials_words(const Cause& cause, const Words& words) {
  const std::string count = std::to_string(cause.count);
  const std::string serials = joined_details(cause.details, words("、", ", "));
  return {
      words("商户 " + cause.subject + " 收到未知密钥签名的请求",
            "merchant " + cause.subject + ": requests signed with an unknown key"),
      words(count + " 个请求被拒绝，它们使用的平台证书或公钥没有加载：" + serials,
            count + " requests were refused, because this key is not loaded: " + serials),
      words("运行 couponhook certificates fetch，或在 [[merchant.platform_public_key]] 中配置"
            "商户平台上显示的公钥；若不是微信支付的请求，可以忽略",
            "run `couponhook certificates fetch`, or configure the public key that the merchant "
            "console shows in [[merchant.platform_public_key]]; ignore this if the requests are "
            "not WeChat Pay's")};
}

CauseWords end_words(const Cause& cause, std::int64_t now_ms, const Words& words) {
  const std::int64_t end_ms = cause.time_ms.value_or(now_ms);
  const std::int64_t days = (end_ms - now_ms) / kDayMs;
  const std::string when = time_text(end_ms, words);
  const std::string facts =
      end_ms <= now_ms ? words("已于 " + when + " 过期", "expired on " + when)
                       : words(when + " 到期，剩余 " + std::to_string(days) + " 天",
                               "expires on " + when + ", in " + std::to_string(days) + " days");
  if (cause.kind == CauseKind::kKeysEnd) {
    return {words("商户 " + cause.subject + " 的平台证书即将到期",
                  "merchant " + cause.subject + ": the last platform certificate ends"),
            facts,
            words("运行 couponhook certificates fetch 下载新证书，或改用微信支付公钥",
                  "run `couponhook certificates fetch`, or change to a platform public key")};
  }
  const bool is_admin = cause.subject == "admin";
  return {
      is_admin
          ? words("管理端口的 TLS 证书即将到期", "the TLS certificate of the status endpoint ends")
          : words("接收通知的 TLS 证书即将到期", "the TLS certificate of the public listener ends"),
      facts, words("更换证书文件；服务会自动重新加载", "replace its file; the service reloads it")};
}

CauseWords dead_words(const Cause& cause, const Words& words) {
  const std::string count = std::to_string(cause.count);
  const std::string handler = base::printable(cause.subject);
  return {words("处理器 " + handler + " 有死信", "handler " + handler + " has dead letters"),
          words((cause.count_is_least ? "至少 " : "") + count + " 条投递已放弃重试",
                (cause.count_is_least ? "at least " : "") + count +
                    " deliveries were given up after the last attempt"),
          words("运行 couponhook deliveries --handler " + handler +
                    " --state dead 查看原因；修复后运行 couponhook retry --handler " + handler,
                "`couponhook deliveries --handler " + handler +
                    " --state dead` shows why; after the repair run `couponhook retry --handler " +
                    handler + "`")};
}

CauseWords backlog_words(const Cause& cause, std::int64_t now_ms, const Words& words) {
  const std::string count = std::to_string(cause.count);
  const std::string age = duration_text(now_ms - cause.time_ms.value_or(now_ms), words);
  return {words("投递积压", "deliveries are late"),
          words(count + " 条投递未完成，最早的已等待 " + age,
                count + " deliveries are open; the oldest has waited for " + age),
          words("运行 couponhook status 和 couponhook deliveries --state retrying，检查处理器的目标"
                "系统和暂停",
                "run `couponhook status` and `couponhook deliveries --state retrying`; check the "
                "handlers' targets and pauses")};
}

CauseWords reload_words(const Cause& cause, const Words& words) {
  const std::string unit = base::printable(cause.subject);
  return {words("配置单元 " + unit + " 加载失败", unit + " could not be loaded"),
          words("文件的当前内容没有生效：", "the files' current content is not in use: ") +
              joined_details(cause.details, "; "),
          words("改正文件；服务每隔几秒自动重试",
                "correct the files; the service tries again every "
                "few seconds")};
}

CauseWords pause_words(const Cause& cause, std::int64_t now_ms, const Words& words) {
  const std::string age = duration_text(now_ms - cause.time_ms.value_or(now_ms), words);
  const std::string handler = base::printable(cause.label);
  std::string option = handler.empty() ? "" : " --handler " + handler;
  if (!cause.details.empty())
    option += " --events '" + base::printable(cause.details.front()) + "'";
  return {handler.empty()
              ? words("所有处理器的投递被暂停", "deliveries to all handlers are paused")
              : words("处理器 " + handler + " 的投递被暂停", "handler " + handler + " is paused"),
          words("已暂停 " + age, "for " + age),
          words("确认无需暂停后运行 couponhook resume" + option,
                "if it is no longer needed, run `couponhook resume" + option + "`")};
}

CauseWords cause_words(const Cause& cause, std::int64_t now_ms, const Words& words) {
  switch (cause.kind) {
    case CauseKind::kNotReady:
      return not_ready_words(cause, words);
    case CauseKind::kQuarantine:
      return quarantine_words(cause, words);
    case CauseKind::kUnknownSerials:
      return unknown_serials_words(cause, words);
    case CauseKind::kKeysEnd:
    case CauseKind::kCertificateEnds:
      return end_words(cause, now_ms, words);
    case CauseKind::kDeadDeliveries:
      return dead_words(cause, words);
    case CauseKind::kBacklog:
      return backlog_words(cause, now_ms, words);
    case CauseKind::kReloadRefused:
      return reload_words(cause, words);
    case CauseKind::kPause:
      return pause_words(cause, now_ms, words);
  }
  return {};
}

std::string paragraph_of(const AlertItem& item, AlertLanguage language, std::int64_t now_ms) {
  const Words words(language);
  const AlertWords described = describe(item, language, now_ms);
  if (item.state == AlertItem::State::kOver) {
    return words("【恢复】", "[over] ") + described.text;
  }
  const bool is_new = item.reminders == 0;
  return (is_new ? words("【告警】", "[alert] ") : words("【仍未恢复】", "[still there] ")) +
         described.text + "\n" + words("处理：", "What to do: ") + described.remedy;
}

std::string heading_of(std::string_view replica, std::int64_t now_ms, const Words& words) {
  return words("couponhook 告警", "couponhook alert") + words("，实例 ", ", replica ") +
         base::printable(replica) + words("，", ", ") + time_text(now_ms, words);
}

std::string rest_of(std::size_t count, const Words& words) {
  const std::string number = std::to_string(count);
  return words(
      "\n\n另有 " + number + " 项放不下：运行 couponhook status，或打开状态页查看",
      "\n\n" + number + " more do not fit here: run `couponhook status`, or open the status page");
}

}  // namespace

AlertWords describe(const AlertItem& item, AlertLanguage language, std::int64_t now_ms) {
  const Words words(language);
  CauseWords cause = cause_words(item.cause, now_ms, words);
  if (item.state == AlertItem::State::kOver) {
    const std::string lasted = duration_text(item.over_ms - item.since_ms, words);
    return {cause.title + words("：已结束，持续 " + lasted, ": over, after " + lasted), {}};
  }
  return {cause.title + words("：", ": ") + cause.facts, std::move(cause.remedy)};
}

std::string cut_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  if (bytes_max < kCutMark.size()) return {};
  const std::size_t room = bytes_max - kCutMark.size();
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t next = end + base::first_utf8_character(text.substr(end)).bytes;
    if (next > room) break;
    end = next;
  }
  return std::string(text.substr(0, end)) + std::string(kCutMark);
}

std::string robot_text(std::span<const AlertItem> items, AlertLanguage language,
                       std::string_view replica, std::int64_t now_ms, std::size_t bytes_max) {
  const Words words(language);
  std::string text = heading_of(replica, now_ms, words);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string paragraph = "\n\n" + paragraph_of(items[i], language, now_ms);
    const std::size_t left = items.size() - i - 1;
    const std::size_t reserved = left == 0 ? 0 : rest_of(left, words).size();
    const bool fits = text.size() + paragraph.size() + reserved <= bytes_max;
    if (fits) {
      text += paragraph;
      continue;
    }
    if (i != 0) return text + rest_of(left + 1, words);
    const std::size_t used = std::min(bytes_max, text.size() + reserved);
    text += cut_text(paragraph, bytes_max - used);
    return left == 0 ? text : text + rest_of(left, words);
  }
  return text;
}

std::string test_text(AlertLanguage language, std::string_view replica, std::int64_t now_ms) {
  const Words words(language);
  return heading_of(replica, now_ms, words) + "\n\n" +
         words("这是一条测试消息：告警可以送达。", "This is a test: alerts arrive here.");
}

}  // namespace couponhook::server
