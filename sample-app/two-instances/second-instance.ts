import { readSettings } from '../settings';
import { startApp } from '../start-app';

/** The second instance: a process of its own, which ends with the one that has started it. */
async function main(): Promise<void> {
  const app = await startApp(readSettings([], process.env));
  const stop = async (): Promise<void> => {
    await app.close();
    process.exit(0);
  };
  process.once('disconnect', () => void stop());
  // Ctrl-C reaches it too: the first instance ends it, once it is ready for that.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  process.send?.(await app.getUrl());
}

main().catch((error: unknown) => {
  console.error(`sample-app: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
