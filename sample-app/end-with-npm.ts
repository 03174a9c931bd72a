const LOOK_EVERY_MS = 250;

/**
 * Ends this process where the npm that started it was ended: npm hands a signal to its shell, the
 * shell dies of it and does not pass it on, and the store would stay in use.
 */
export function endWithNpm(): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const shell = process.ppid;
  setInterval(() => {
    if (process.ppid !== shell) process.kill(process.pid, 'SIGTERM');
  }, LOOK_EVERY_MS).unref();
}
