// For tests that set pages, under LeakSanitizer, which asks for this by its name: fontconfig and cairo keep what they
// have read of the machine's fonts until the process ends, and give it back only to who never uses them again.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig.so\nleak:libcairo.so\n"; }
