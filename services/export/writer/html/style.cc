#include "services/export/writer/html/style.h"

#include <string_view>

#include <fmt/format.h>

#include "services/export/chart/palette.h"

namespace ftl::exporter {
namespace {

constexpr std::string_view kRules = R"(
@media (prefers-color-scheme:dark){:root{--paper:#101614;--ink:#e6edea;--quiet:#9fada8;--line:#2b3733;--accent:#6fd0b7;--accent-soft:#1b3a33;--fault:#ff9d92}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 ui-sans-serif,system-ui,'Segoe UI',Roboto,'Noto Sans',sans-serif;overflow-wrap:anywhere}
main{max-width:54rem;margin:0 auto;padding:2.5rem 1.25rem}
h1{font-size:2rem;line-height:1.2;margin:.2rem 0}
h2{font-size:1.15rem;border-top:1px solid var(--ink);padding-top:.5rem;margin:2.2rem 0 .6rem}
h3,h4,h5,h6{font-size:1rem;margin:1rem 0 .2rem}
.chapter h2{font-size:1.6rem;border:0}
p{margin:.4rem 0;white-space:pre-line}
.kind{color:var(--accent);font-weight:600;border-top:3px solid var(--accent);padding-top:.6rem;width:max-content}
.note,footer{color:var(--quiet);font-size:.85rem}
.fault{color:var(--fault)}
.verdict{font-size:1.15rem;border-top:1px solid var(--ink);padding-top:.6rem;margin-top:1rem}
nav{font-size:.85rem;margin:1rem 0}
nav a{color:var(--accent);margin-inline-end:.8rem;display:inline-block}
nav .chapter{display:block;font-weight:600;margin-top:.4rem}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.8rem 1rem;margin:0}
.figures div{border-top:1px solid var(--line);padding-top:.35rem}
.figures dt{font-size:.8rem}
.figures dd{margin:0}
.figures b{display:block;font-size:1.5rem;line-height:1.3}
.figures small{color:var(--quiet)}
.facts{display:grid;grid-template-columns:minmax(7rem,13rem) 1fr;gap:.15rem 1rem;margin:.6rem 0}
.facts dt{color:var(--quiet)}
.facts dd{margin:0}
figure{margin:1rem 0 1.4rem}
figcaption{font-weight:600;margin-bottom:.3rem}
svg{width:100%;height:auto;display:block}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
.set{table-layout:fixed;min-width:44rem}
th{overflow-wrap:normal;text-align:start;font-weight:400;color:var(--quiet);border-bottom:1px solid var(--ink);vertical-align:bottom}
td{border-bottom:1px solid var(--line);vertical-align:top}
th,td{padding:.25rem .8rem .25rem 0}
.n{text-align:end;white-space:nowrap}
.by{display:none}
.bar{background:linear-gradient(90deg,var(--accent-soft) var(--share),transparent 0);padding-inline-start:.4rem}
.figures,.facts{font-variant-numeric:tabular-nums}
article{border-bottom:1px solid var(--line);padding-bottom:.6rem}
.prompt{margin:.4rem 0 .8rem;padding-inline-start:.7rem;border-inline-start:2px solid var(--accent);white-space:pre-wrap}
.quoted{border-inline-start:2px solid var(--line);padding-inline-start:.6rem}
.marker{color:var(--quiet)}
pre{background:var(--code);padding:.6rem;overflow-x:auto;white-space:pre-wrap;max-height:40rem}
code{font-family:ui-monospace,'SF Mono',Menlo,Consolas,monospace;font-size:.9em}
footer{border-top:1px solid var(--line);margin-top:2.5rem;padding-top:.6rem}
@media print{main{max-width:none;padding:0}nav,.by{display:none!important}pre{max-height:none}}
)";

// A row becomes an item of a column whose order can be given; so its cells need their widths by themselves.
constexpr std::string_view kSorting = R"(
.by{display:inline-block;position:relative;cursor:pointer;font-size:.7em;line-height:1;padding:.3em .15em}
.by input{position:absolute;inset:0;opacity:0;margin:0;cursor:pointer}
.by :checked+span{color:var(--accent)}
.by :focus-visible+span{outline:2px solid var(--accent);outline-offset:2px}
.sorts:has(:checked),.sorts:has(:checked) thead{display:block}
.sorts:has(:checked) tbody{display:flex;flex-direction:column}
.sorts:has(:checked) tr{display:table;table-layout:fixed;width:100%}
)";

void AppendSorting(std::string& out) {
  out += "@supports selector(:has(*)){";
  out += kSorting;
  for (size_t i = 0; i < kMostSortedColumns; ++i) {
    out += fmt::format(
        ".sorts:has(:checked) :nth-child({0}):is(th,td){{width:var(--w{1})}}\n"
        ".sorts:has(.u{1}:checked) tbody tr{{order:var(--r{1},99999)}}\n"
        ".sorts:has(.d{1}:checked) tbody tr{{order:calc(-1*var(--r{1},-99999))}}\n",
        i + 1, i);
  }
  out += '}';
}

}  // namespace

void AppendStyle(std::string& out) {
  out += "<style>\n:root{color-scheme:light dark;--paper:#fff;--code:rgb(128 150 140/.1)";
  for (const Paint& paint : kPalette) out += fmt::format(";--{}:#{:06x}", paint.name, paint.rgb);
  out += '}';
  out += kRules;
  AppendSorting(out);
  out += "</style>\n";
}

}  // namespace ftl::exporter
