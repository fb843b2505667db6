// Two GPUs, of which the second does not answer.
extern "C" {

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetCount_v2(unsigned int* count) {
  *count = 2;
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void** device) {
  static int devices[2];
  *device = &devices[index];
  return index == 0 ? 0 : 15;
}
int nvmlDeviceGetName(void*, char* name, unsigned int length) {
  const char called[] = "Tesla T4";
  for (unsigned int i = 0; i < sizeof called && i < length; ++i) name[i] = called[i];
  return 0;
}
int nvmlDeviceGetUtilizationRates(void*, unsigned int* rates) {
  rates[0] = 37;
  rates[1] = 12;
  return 0;
}
int nvmlDeviceGetMemoryInfo(void*, unsigned long long* bytes) {
  bytes[0] = 16'000;
  bytes[1] = 12'000;
  bytes[2] = 4'000;
  return 0;
}
}
