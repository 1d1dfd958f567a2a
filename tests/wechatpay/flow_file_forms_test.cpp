// Checks that couponhook reads flow files (WeChat Pay's settlement files) in every form in which a
// merchant's console or a spreadsheet program saves them. A value that a spreadsheet program
// damaged must be reported with line and column, and never used. The tests read one row in every
// form, in pieces of any size, and rows with one damaged field.

#include <iconv.h>

#include <string>

#include <gtest/gtest.h>

#include "wechatpay/flow_file.hpp"

namespace couponhook::wechatpay {
namespace {

const std::string kNames[] = {"批次id",   "优惠id",     "优惠金额（元）", "支付单号",
                              "消耗时间", "消耗商户号", "单品信息"};
const std::string kValues[] = {
    "98065001",   "98670003", "5.00", "4200000001202403050000000003", "2026-03-05 07:58:41",
    "1900007702", "豆浆"};

std::string row(const std::string& separator, const std::string& mark, const std::string* fields) {
  std::string text;
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    text += (i == 0 ? "" : separator) + mark + fields[i];
  }
  return text;
}

std::string file(const std::string& separator = ",", const std::string& end = "\r\n",
                 const std::string& mark = "`") {
  return row(separator, "", kNames) + end + row(separator, mark, kValues) + end + "总条数" + end +
         mark + "1" + end;
}

std::string converted(const std::string& text, const char* encoding) {
  iconv_t converter = iconv_open(encoding, "UTF-8");
  std::string from = text;
  std::string to(text.size() * 4, '\0');
  char* in = from.data();
  char* out = to.data();
  std::size_t left = from.size();
  std::size_t room = to.size();
  EXPECT_EQ(iconv(converter, &in, &left, &out, &room), 0U);
  iconv_close(converter);
  to.resize(to.size() - room);
  return to;
}

FlowFile read(const std::string& content, std::size_t piece = 1 << 20) {
  FlowParser parser(FlowKind::kUse, usual_flow_columns(FlowKind::kUse));
  FlowFile file;
  for (std::size_t at = 0; at < content.size(); at += piece) {
    parser.feed(std::string_view(content).substr(at, piece), file.records);
  }
  parser.finish(file.records);
  file.problems = parser.problems();
  file.malformed = parser.malformed();
  file.failed = parser.failed();
  return file;
}

std::string problems_of(const FlowFile& file) {
  std::string text;
  for (const FlowProblem& problem : file.problems) text += to_string(problem) + "\n";
  return text;
}

void expect_read(const std::string& content, const std::string& form) {
  for (const std::size_t piece : {1U, 3U, 1000U, 1U << 20U}) {
    const FlowFile file = read(content, piece);
    ASSERT_EQ(file.records.size(), 1U)
        << form << ", pieces of " << piece << ": " << problems_of(file);
    EXPECT_EQ(problems_of(file), "") << form;
    const FlowRecord& record = file.records[0];
    EXPECT_EQ(record.stock_id, kValues[0]) << form;
    EXPECT_EQ(record.coupon_id, kValues[1]) << form;
    EXPECT_EQ(record.discount_fen, 500) << form;
    EXPECT_EQ(record.transaction_id, kValues[3]) << form;
    EXPECT_EQ(record.time, kValues[4]) << form;
    EXPECT_EQ(record.mchid, kValues[5]) << form;
    EXPECT_EQ(record.other.at(0).second, kValues[6]) << form;
    EXPECT_EQ(record.line, 2U) << form;
  }
}

/// Returns a flow file (WeChat Pay's settlement file) with one row, without backticks, that has
/// `value` in the given column (counted from 1).
std::string with(std::size_t column, const std::string& value) {
  std::string fields[std::size(kNames)];
  std::copy(std::begin(kValues), std::end(kValues), fields);
  fields[column - 1] = value;
  return row(",", "", kNames) + "\n" + row(",", "", fields) + "\n";
}

TEST(FlowFileForms, AreReadInEveryEncoding) {
  expect_read(file(), "UTF-8");
  expect_read("\xEF\xBB\xBF" + file(), "UTF-8 with a byte order mark");
  expect_read(converted(file(), "GB18030"), "GB18030");
  expect_read(converted(file(), "GBK"), "GBK");
  expect_read(converted(file(), "UTF-16LE"), "UTF-16LE without a mark");
  expect_read(converted(file(), "UTF-16BE"), "UTF-16BE without a mark");
  expect_read("\xFF\xFE" + converted(file(), "UTF-16LE"), "UTF-16LE");
  expect_read("\xFE\xFF" + converted(file(), "UTF-16BE"), "UTF-16BE");
}

TEST(FlowFileForms, AreReadInGb18030BehindMuchAscii) {
  std::string content = "coupon_id,transaction_id,discount_amount,note\n";
  for (int i = 0; i < 10'000; ++i) content += std::to_string(i) + ",1,500,ok\n";
  const FlowFile file = read(content + "10000,1,500," + converted("豆浆", "GBK") + "\n");
  EXPECT_EQ(file.records.size(), 10'001U);
  EXPECT_EQ(file.records.back().other.back().second, "豆浆");
}

TEST(FlowFileForms, KeepARowWhoseNameIsDamaged) {
  for (const char* encoding : {"UTF-8", "GB18030"}) {
    std::string content = converted(file(), encoding);
    const std::size_t at = content.rfind(converted("浆", encoding));
    // Cuts a Chinese character of the flow file in two, to make an invalid character.
    content.erase(at + 1, 1);
    EXPECT_EQ(read(content).records.size(), 1U) << encoding << problems_of(read(content));
  }
}

TEST(FlowFileForms, AreRefusedByTheNameOfAnEncodingThatIsNotRead) {
  const std::string noise(4096, '\xFF');
  const struct {
    std::string content;
    const char* words;
  } cases[] = {
      {"\xFF\xFE" + std::string(2, '\0') + converted(file(), "UTF-32LE"), "UTF-32"},
      {"PK\x03\x04" + std::string(100, '\x01'), "Excel workbook"},
      {"\xD0\xCF\x11\xE0" + std::string(100, '\x01'), "Excel workbook"},
      {"\x1F\x8B\x08", "gzip"},
      {std::string(3000, '\0'), "UTF-8, GB18030 (GBK) or UTF-16"},
      {noise, "neither UTF-8 nor GB18030"},
  };
  for (const auto& [content, words] : cases) {
    const FlowFile file = read(content);
    EXPECT_TRUE(file.failed) << words;
    EXPECT_NE(problems_of(file).find(words), std::string::npos) << problems_of(file);
  }
}

TEST(FlowFileForms, AreReadWithEverySeparatorAndLineEnd) {
  for (const char* separator : {",", ";", "\t", "|"}) {
    for (const char* end : {"\n", "\r\n", "\r"}) {
      for (const char* mark : {"`", "'", "", " "}) {
        const std::string form = std::string(separator) + mark + std::to_string(*end);
        expect_read(file(separator, end, mark), form);
      }
    }
  }
  const FlowFile file =
      read("sep=;\r\n" + row(";", "", kNames) + "\r\n" + row(";", "", kValues) + "\r\n");
  ASSERT_EQ(file.records.size(), 1U) << problems_of(file);
  EXPECT_EQ(file.records[0].line, 3U);
}

TEST(FlowFileForms, AreReadWithTheMarksOfTextInEveryField) {
  std::string marked[std::size(kNames)];
  std::transform(std::begin(kValues), std::end(kValues), marked,
                 [](const std::string& value) { return "=\"" + value + "\""; });
  FlowFile file = read(row(",", "", kNames) + "\n" + row(",", "", marked) + "\n");
  ASSERT_EQ(file.records.size(), 1U) << problems_of(file);
  EXPECT_EQ(file.records[0].transaction_id, kValues[3]);
  std::transform(std::begin(kValues), std::end(kValues), marked,
                 [](const std::string& value) { return "\"=\"\"" + value + "\"\"\""; });
  file = read(row(",", "", kNames) + "\n" + row(",", "", marked) + "\n");
  ASSERT_EQ(file.records.size(), 1U) << problems_of(file);
  EXPECT_EQ(file.records[0].transaction_id, kValues[3]);
  EXPECT_EQ(file.records[0].time, kValues[4]);
}

TEST(FlowFileForms, AreReadWithDecimalCommas) {
  std::string values[std::size(kNames)];
  std::copy(std::begin(kValues), std::end(kValues), values);
  values[2] = "5,00";
  const FlowFile file = read(row(";", "", kNames) + "\n" + row(";", "", values) + "\n");
  ASSERT_EQ(file.records.size(), 1U);
  EXPECT_EQ(file.records[0].discount_fen, 500);
}

TEST(FlowFileForms, AreReadWithLineBreaksWithinQuotes) {
  const std::string head = row(",", "", kNames);
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    for (const char* goods : {"\"豆浆\n油条\"", "\"豆浆\r\n油条\"", "\"豆浆\r油条\"",
                              "\"a \"\"b\"\"\n\n,c\"", "\"he said \"hi\" to\nyou\""}) {
      std::string first[std::size(kNames)];
      std::copy(std::begin(kValues), std::end(kValues), first);
      first[6] = goods;
      const std::string content =
          head + end + row(",", "`", first).replace(0, 0, "") + end + row(",", "`", kValues) + end;
      for (const std::size_t piece : {1U, 1000U}) {
        // Remove the backtick before the quote. With the backtick, the quote would be part of the
        // field's text.
        std::string quoted = content;
        quoted.erase(quoted.find("`\""), 1);
        const FlowFile file = read(quoted, piece);
        ASSERT_EQ(file.records.size(), 2U) << goods << problems_of(file);
        EXPECT_EQ(file.malformed, 0U) << problems_of(file);
        EXPECT_NE(file.records[0].other[0].second.find('\n'), std::string::npos) << goods;
        EXPECT_GT(file.records[1].line, 3U) << "the lines within the quotes count";
      }
    }
  }
}

TEST(FlowFileForms, LoseOneLineToAQuoteThatIsNotClosed) {
  std::string broken[std::size(kNames)];
  std::copy(std::begin(kValues), std::end(kValues), broken);
  broken[5] = "\"1900";
  std::string quoted[std::size(kNames)];
  std::copy(std::begin(kValues), std::end(kValues), quoted);
  quoted[6] = "\"豆浆\"";
  std::string content = row(",", "", kNames) + "\n" + row(",", "", broken) + "\n";
  for (int i = 0; i < 500; ++i) content += row(",", "", quoted) + "\n";
  const FlowFile file = read(content);
  EXPECT_EQ(file.records.size(), 500U);
  EXPECT_EQ(file.malformed, 1U);
  EXPECT_EQ(problems_of(file), "line 2: a quote is not closed\n");
}

TEST(FlowFileForms, PassOverWhatASpreadsheetLeavesBehind) {
  const std::string content = row(",", "", kNames) + ",,\n" + row(",", "", kValues) +
                              ",,\n,,,,,,\n" + "总条数,,,,,,\n1,,,,,,\n,,,,,,\n";
  const FlowFile file = read(content);
  EXPECT_EQ(file.records.size(), 1U) << problems_of(file);
  EXPECT_EQ(problems_of(file), "");
}

TEST(FlowFileForms, NeverTakeAnIdentifierThatASpreadsheetDestroyed) {
  for (const std::size_t column : {1U, 2U, 4U, 6U}) {
    for (const char* value : {"4.2E+27", "\"4,2E+27\"", "=\"4.2E+27\"", "'4.2E+27", "`4.2e27",
                              "98670003.0", "#VALUE!", "98 670", "ab", "９８"}) {
      const FlowFile file = read(with(column, value));
      EXPECT_TRUE(file.records.empty()) << column << value;
      EXPECT_EQ(file.malformed, 1U) << column << value;
      const std::string where = "line 2, column " + std::to_string(column) + ": ";
      EXPECT_EQ(problems_of(file).find(where), 0U) << problems_of(file);
      EXPECT_NE(problems_of(file).find(kNames[column - 1]), std::string::npos) << problems_of(file);
      EXPECT_EQ(problems_of(file).find("4.2"), std::string::npos) << "its content is not told";
    }
  }
}

TEST(FlowFileForms, NeverTakeATimeThatHasLostAPart) {
  for (const char* value : {"2026/3/5 7:58", "2026-03-05", "5/3/2026 7:58:41", "46086.33",
                            "2026-03-05T07:58:41", "#####"}) {
    const FlowFile file = read(with(5, value));
    EXPECT_TRUE(file.records.empty()) << value;
    EXPECT_EQ(problems_of(file).find("line 2, column 5: time"), 0U) << problems_of(file);
  }
  EXPECT_EQ(read(with(5, "2026/3/5 7:58:41")).records.at(0).time, "2026-03-05T07:58:41+08:00");
  EXPECT_EQ(read(with(5, "-")).records.at(0).time, "");
}

TEST(FlowFileForms, ReportEveryDestroyedFieldOfARow) {
  std::string values[std::size(kNames)];
  std::copy(std::begin(kValues), std::end(kValues), values);
  values[3] = "4.2E+27";
  values[4] = "2026/3/5 7:58";
  const FlowFile file = read(row(",", "", kNames) + "\n" + row(",", "", values) + "\n");
  EXPECT_EQ(file.malformed, 1U);
  EXPECT_EQ(problems_of(file).find("line 2, column 4: transaction_id (支付单号) "), 0U)
      << problems_of(file);
  EXPECT_NE(problems_of(file).find("column 5: time (消耗时间) "), std::string::npos)
      << problems_of(file);
}

}  // namespace
}  // namespace couponhook::wechatpay
