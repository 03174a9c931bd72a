// Loaded into a child process with --require: answers over IPC how much memory the process has,
// so that a test can watch it without the program under test having an endpoint for it.
process.on('message', async (message) => {
  if (message !== 'memory') return;
  globalThis.gc?.();
  // The memory of buffers that were collected is given back a little later.
  await new Promise((resolve) => setTimeout(resolve, 10));
  globalThis.gc?.();
  process.send(process.memoryUsage());
});
process.channel.unref();
