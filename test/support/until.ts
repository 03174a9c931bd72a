/**
 * Asks again and again until the condition holds: for what another process does, which tells
 * nobody when it is done.
 *
 * @throws Error where it does not hold in time; `describe` says how things stand then.
 */
export async function until(
  condition: () => Promise<boolean> | boolean,
  describe: () => Promise<string> | string,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`After ${timeoutMs} ms: ${await describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
