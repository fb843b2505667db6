// Loaded into each file of Node's test runner before it: a file that has not ended after a quarter of an hour says what it waits
// for, and ends as failed. A server, a child or a socket that a failed test left open would keep it for ever.
const minutes = 15;

const isFile = process.env.NODE_TEST_CONTEXT !== undefined;
const isLong = process.env.FTL_SOAK === '1';
if (isFile && !isLong) {
  setTimeout(() => {
    const waitsFor = process.getActiveResourcesInfo().join(', ');
    console.error(`${process.argv[1]} did not end within ${minutes} minutes; it waits for ${waitsFor}`);
    process.exit(1);
  }, minutes * 60_000).unref();
}
