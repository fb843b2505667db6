#pragma once

#include <string>
#include <vector>

#include "services/export/report/document.h"
#include "services/export/writer/pdf/flow.h"

namespace ftl::exporter::pdf {

// A heading as the outline shows it.
struct Heading {
  std::string title;
  int level;
  int page;  // from 1
  double y;
};

// Sets a document block by block.
class Setter {
 public:
  Setter(const Type& type, Flow& flow) : type_(type), flow_(flow) {}

  void Set(const Cover& cover);
  void Set(const Section& section);

  const std::vector<Heading>& headings() const { return headings_; }
  // What each chart shows, in order.
  const std::vector<std::string>& figures() const { return figures_; }

  void operator()(const Paragraph& paragraph);
  void operator()(const Figures& figures);
  void operator()(const Facts& facts);
  void operator()(const Chart& chart);
  void operator()(const Table& table);
  void operator()(const Sample& sample);

 private:
  void Text(const char* element, std::string_view text, const Style& style);
  void SetPrompt(std::string_view prompt);

  const Type& type_;
  Flow& flow_;
  std::vector<Heading> headings_;
  std::vector<std::string> figures_;
};

}  // namespace ftl::exporter::pdf
