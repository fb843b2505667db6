#include "services/export/writer/pdf/finish.h"

#define POINTERHOLDER_TRANSITION 4  // std::shared_ptr alone
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFWriter.hh>

namespace ftl::exporter::pdf {
namespace {

// Goes through the structure in reading order. It is ours and no deeper than the setter nests elements.
void Describe(QPDFObjectHandle element, const std::vector<std::string>& figures, size_t& next) {
  if (element.isArray()) {
    for (QPDFObjectHandle child : element.aitems()) Describe(child, figures, next);
    return;
  }
  if (!element.isDictionary()) return;
  QPDFObjectHandle kind = element.getKey("/S");
  if (kind.isName() && kind.getName() == "/Figure" && next < figures.size()) {
    element.replaceKey("/Alt", QPDFObjectHandle::newUnicodeString(figures[next++]));
  }
  if (element.hasKey("/K")) Describe(element.getKey("/K"), figures, next);
}

}  // namespace

std::string Finish(const std::string& file, const std::vector<std::string>& figures) {
  QPDF pdf;
  pdf.setSuppressWarnings(true);
  pdf.processMemoryFile("report", file.data(), file.size());
  QPDFObjectHandle root = pdf.getRoot();
  root.replaceKey("/Lang", QPDFObjectHandle::newString("en"));
  root.replaceKey("/ViewerPreferences", QPDFObjectHandle::parse("<< /DisplayDocTitle true >>"));
  size_t next = 0;
  if (root.hasKey("/StructTreeRoot")) Describe(root.getKey("/StructTreeRoot"), figures, next);
  QPDFWriter writer(pdf);
  writer.setOutputMemory();
  writer.setDeterministicID(true);
  writer.setStreamDataMode(qpdf_s_preserve);
  writer.setObjectStreamMode(qpdf_o_generate);
  writer.write();
  const std::shared_ptr<Buffer> bytes = writer.getBufferSharedPointer();
  return {reinterpret_cast<const char*>(bytes->getBuffer()), bytes->getSize()};
}

}  // namespace ftl::exporter::pdf
