import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Below the ports that systems give to connections. */
const STEADY_PORTS = { first: 20_000, count: 12_000 };

/** A port of 127.0.0.1 that nothing listens on, for a program that takes no 0. */
export async function freePort(): Promise<number> {
  return (await listenOnce(0)) ?? freePort();
}

/** As {@link freePort}, but one that no connection is given while the program is being started again. */
export async function steadyPort(): Promise<number> {
  const port = STEADY_PORTS.first + Math.floor(Math.random() * STEADY_PORTS.count);
  return (await listenOnce(port)) ?? steadyPort();
}

async function listenOnce(port: number): Promise<number | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return undefined;
  }
  const { port: taken } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return taken;
}
