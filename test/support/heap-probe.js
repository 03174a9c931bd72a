// Loaded into a child process with --require: answers over IPC how much memory the process has,
// so that a test can watch it without the program under test having an endpoint for it.
process.on('message', (message) => {
  if (message !== 'memory') return;
  globalThis.gc?.();
  process.send(process.memoryUsage());
});
process.channel.unref();
