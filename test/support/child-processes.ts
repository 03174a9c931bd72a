import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Takes processes that are killed after the suite; what has ended is to be taken out of it. */
export function killedAfterSuite(): Set<ChildProcess> {
  const children = new Set<ChildProcess>();
  afterAll(async () => {
    await Promise.all(
      [...children].map(async (child) => {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }),
    );
  });
  return children;
}
