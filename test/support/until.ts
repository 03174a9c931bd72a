/**
 * Asks again and again until the condition holds: for what another process does, which does not
 * tell when it is done.
 *
 * @throws Error where it does not hold in time; `describe` says how things are then.
 */
export async function until(
  condition: () => Promise<boolean> | boolean,
  describe: () => Promise<string> | string,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  // Often at first, and seldom later: each question takes time from what is waited for.
  let pause = 5;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`After ${timeoutMs} ms: ${await describe()}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(1.3 * pause, 100);
  }
}
