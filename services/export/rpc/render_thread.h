#pragma once

#include <functional>
#include <string>

#include <boost/asio/thread_pool.hpp>

#include "common/async/task.h"

namespace ftl::exporter {

// A thread of its own for setting pages: they take longer than the module's thread may be held, and a thread's fonts
// stay warm from one report to the next. Reports are set one after the other.
class RenderThread {
 public:
  // What `render` gives; what it throws is INTERNAL. `render` is run to its end even where nobody waits for it any
  // more.
  Task<std::string> Run(std::function<std::string()> render);

 private:
  asio::thread_pool pool_{1};
};

}  // namespace ftl::exporter
