#include "services/export/report/markdown.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <absl/strings/ascii.h>
#include <fmt/format.h>
#include <glib.h>
#include <md4c.h>

namespace ftl::exporter {
namespace {

constexpr int kDeepest = 6;

std::string OfNumber(std::string_view digits, int base) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return "\uFFFD";
  if (number == 0 || number > 0x10FFFF || (number >= 0xD800 && number < 0xE000)) return "\uFFFD";
  char bytes[6];
  return std::string(bytes, static_cast<size_t>(g_unichar_to_utf8(number, bytes)));
}

// `&amp;`, `&#39;` and the like; a name that is not among the common ones stays as it is written.
std::string OfEntity(std::string_view entity) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&nbsp;", "\u00A0"}};
  for (const auto& [name, text] : kNames) {
    if (entity == name) return std::string(text);
  }
  if (entity.starts_with("&#x") || entity.starts_with("&#X")) return OfNumber(entity.substr(3, entity.size() - 4), 16);
  if (entity.starts_with("&#")) return OfNumber(entity.substr(2, entity.size() - 3), 10);
  return std::string(entity);
}

std::string_view View(const MD_ATTRIBUTE& attribute) { return {attribute.text, attribute.size}; }

// Gathers what md4c tells, block by block.
class Reader {
 public:
  std::vector<TextBlock> blocks;

  void Enter(MD_BLOCKTYPE type, void* detail) {
    switch (type) {
      case MD_BLOCK_QUOTE:
        ++quotes_;
        break;
      case MD_BLOCK_UL:
        lists_.push_back(0);
        break;
      case MD_BLOCK_OL:
        lists_.push_back(static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start);
        break;
      case MD_BLOCK_LI:
        BeginItem(*static_cast<MD_BLOCK_LI_DETAIL*>(detail));
        break;
      case MD_BLOCK_H:
        Begin(TextBlock::Kind::kHeading).level = static_cast<int>(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level);
        break;
      case MD_BLOCK_CODE:
        Begin(TextBlock::Kind::kCode);
        break;
      case MD_BLOCK_HR:
        Begin(TextBlock::Kind::kRule);
        break;
      case MD_BLOCK_TABLE:
        Begin(TextBlock::Kind::kTable);
        break;
      case MD_BLOCK_TR:
        blocks.back().rows.emplace_back();
        break;
      case MD_BLOCK_TH:
      case MD_BLOCK_TD:
        blocks.back().rows.back().emplace_back();
        break;
      case MD_BLOCK_P:
        Begin(TextBlock::Kind::kParagraph);
        break;
      default:
        break;
    }
  }

  void Leave(MD_BLOCKTYPE type) {
    if (type == MD_BLOCK_QUOTE) --quotes_;
    if (type == MD_BLOCK_UL || type == MD_BLOCK_OL) lists_.pop_back();
    if (type == MD_BLOCK_LI) marker_.clear();
    if (type != MD_BLOCK_TR && type != MD_BLOCK_TH && type != MD_BLOCK_TD && type != MD_BLOCK_THEAD &&
        type != MD_BLOCK_TBODY) {
      open_ = false;
    }
  }

  void Enter(MD_SPANTYPE type) { Style(type, +1); }

  void Leave(MD_SPANTYPE type, void* detail) {
    Style(type, -1);
    if (type != MD_SPAN_A) return;
    const std::string_view address = View(static_cast<MD_SPAN_A_DETAIL*>(detail)->href);
    if (!address.empty() && !Ends(address)) Put(fmt::format(" ({})", address));
  }

  void Put(MD_TEXTTYPE type, std::string_view text) {
    if (type == MD_TEXT_NULLCHAR) return Put("\uFFFD");
    if (type == MD_TEXT_BR) return Put("\n");
    if (type == MD_TEXT_SOFTBR) return Put(" ");
    if (type == MD_TEXT_ENTITY) return Put(OfEntity(text));
    Put(text);
  }

 private:
  TextBlock& Begin(TextBlock::Kind kind) {
    TextBlock& block = blocks.emplace_back();
    block.kind = kind;
    block.indent = std::min(static_cast<int>(lists_.size()), kDeepest);
    block.quotes = std::min(quotes_, kDeepest);
    block.marker = std::exchange(marker_, {});
    open_ = true;
    return block;
  }

  void BeginItem(const MD_BLOCK_LI_DETAIL& item) {
    if (!marker_.empty()) Begin(TextBlock::Kind::kParagraph);  // an item that holds a list alone
    open_ = false;
    marker_ = lists_.back() == 0 ? "\u2022" : fmt::format("{}.", lists_.back()++);
    if (item.is_task) marker_ = item.task_mark == ' ' ? "\u2610" : "\u2611";
  }

  void Style(MD_SPANTYPE type, int by) {
    if (type == MD_SPAN_STRONG) bold_ += by;
    if (type == MD_SPAN_EM) italic_ += by;
    if (type == MD_SPAN_CODE) code_ += by;
    if (type == MD_SPAN_DEL) struck_ += by;
  }

  // Where text goes: into a table's last cell or into the last block. Items of tight lists have no paragraph of their
  // own.
  Spans& Target() {
    if (!open_) Begin(TextBlock::Kind::kParagraph);
    TextBlock& block = blocks.back();
    return block.kind == TextBlock::Kind::kTable ? block.rows.back().back() : block.text;
  }

  bool Ends(std::string_view address) {
    const Spans& spans = Target();
    return !spans.empty() && spans.back().text.ends_with(address);
  }

  void Put(std::string_view text) {
    Spans& spans = Target();
    Span span{std::string(text), bold_ > 0, italic_ > 0, code_ > 0, struck_ > 0};
    if (!spans.empty()) {
      Span& last = spans.back();
      if (last.bold == span.bold && last.italic == span.italic && last.code == span.code &&
          last.struck == span.struck) {
        last.text += span.text;
        return;
      }
    }
    spans.push_back(std::move(span));
  }

  std::vector<unsigned> lists_;  // the next number of each open list; 0 for bullets
  std::string marker_;           // of an item that has no block yet
  int quotes_ = 0;
  bool open_ = false;  // whether text goes on in the last block
  int bold_ = 0, italic_ = 0, code_ = 0, struck_ = 0;
};

// Whether the character would begin a list or end a heading; `after_number`: before it stands nothing but digits.
bool BeginsBlock(std::string_view text, size_t at, bool after_number) {
  const char c = text[at];
  const bool is_apart = at + 1 == text.size() || text[at + 1] == ' ' || text[at + 1] == c;
  if (at == 0) return c == '=' || ((c == '+' || c == '-') && is_apart);
  return after_number && (c == '.' || c == ')') && is_apart;
}

}  // namespace

std::string EscapedMarkdown(std::string_view text) {
  std::string out;
  bool is_number = true;  // nothing but digits so far
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      out += ' ';
      continue;
    }
    const bool is_mark = std::string_view("\\`*_{}[]<>#|~&").find(c) != std::string_view::npos;
    if (is_mark || BeginsBlock(text, at, is_number)) out += '\\';
    out += c;
    is_number = is_number && absl::ascii_isdigit(static_cast<unsigned char>(c));
  }
  return out;
}

std::vector<TextBlock> ReadMarkdown(std::string_view text) {
  Reader reader;
  MD_PARSER parser{};
  parser.flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTML;
  parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
    static_cast<Reader*>(self)->Enter(type, detail);
    return 0;
  };
  parser.leave_block = [](MD_BLOCKTYPE type, void*, void* self) {
    static_cast<Reader*>(self)->Leave(type);
    return 0;
  };
  parser.enter_span = [](MD_SPANTYPE type, void*, void* self) {
    static_cast<Reader*>(self)->Enter(type);
    return 0;
  };
  parser.leave_span = [](MD_SPANTYPE type, void* detail, void* self) {
    static_cast<Reader*>(self)->Leave(type, detail);
    return 0;
  };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* bytes, MD_SIZE size, void* self) {
    static_cast<Reader*>(self)->Put(type, std::string_view(bytes, size));
    return 0;
  };
  md_parse(text.data(), static_cast<MD_SIZE>(text.size()), &parser, &reader);
  return std::move(reader.blocks);
}

}  // namespace ftl::exporter
