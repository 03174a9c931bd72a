import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isLoopbackAddress } from '../accounts/base-url';
import { Broker } from '../broker';
import { BrokerOptionsError, shownStore } from '../broker.options';
import { createBrokerServer } from '../http/broker-server';
import type { BrokerServerOptions } from '../http/broker-server';
import { ManagementTokens } from '../http/management-tokens';
import { SqliteDriverError } from '../ledger/sqlite/sqlite-driver';
import { BadSetting } from './bad-setting';
import type { Log } from '../log';
import { logOutput } from './log-output';
import { reload } from './reload';
import type { Settings } from './settings';

/** Connections that may wait to be taken: one that finds no room here is tried again after a second. */
const BACKLOG = 4_096;
/** How long a reader has for the rest of its answer, once the broker is done. */
const LAST_ANSWERS_MS = 5_000;

/**
 * Starts the broker and serves it until a SIGTERM or SIGINT; then everything is settled first. After a
 * SIGTERM it is not ready, and takes requests for some time yet, until nobody sends it any; another
 * signal ends that time. A SIGHUP puts settings that are read again in place of those before.
 *
 * @param readAgain Reads the settings as they were read for the start.
 * @throws BadSetting where it cannot listen, or not open the store.
 */
export async function serve(settings: Settings, readAgain: () => Settings): Promise<void> {
  const log = logOutput(settings.logFormat);
  // Until it listens: a signal that comes before then is heeded afterwards.
  let isToReload = false;
  let onReload = (): void => void (isToReload = true);
  process.on('SIGHUP', () => onReload());
  const broker = await openBroker(settings, log);
  let stopping = false;
  const { tls, drainMs, page } = settings;
  const tokens = new ManagementTokens(settings.tokens);
  const draining = new AbortController();
  const { adminPort, publicUrl, behindTls } = page;
  const common: BrokerServerOptions = {
    token: tokens,
    log,
    isDraining: () => stopping,
    site: {
      behindTls,
      isOnNetwork: !isLoopbackHost(settings.host),
      ...(publicUrl === undefined ? {} : { publicUrl }),
    },
    ...(tls === undefined ? {} : { tls }),
  };
  const server = createBrokerServer(broker, {
    ...common,
    side: adminPort === undefined ? 'all' : 'application',
  });
  const admin =
    adminPort === undefined
      ? undefined
      : createBrokerServer(broker, { ...common, side: 'operators' });
  const servers = admin === undefined ? [server] : [server, admin];
  try {
    await listen(server, settings.host, settings.port, '--port');
    if (admin !== undefined) await listen(admin, settings.host, adminPort ?? 0, '--admin-port');
  } catch (error) {
    for (const each of servers) each.close();
    await broker.close();
    throw error;
  }
  const stop = async (afterMs: number): Promise<void> => {
    if (stopping) {
      draining.abort();
      return;
    }
    stopping = true;
    await delay(afterMs, undefined, { signal: draining.signal }).catch(() => {});
    const closed = servers.map((each) => once(each, 'close'));
    for (const each of servers) each.close();
    await broker.close();
    // Everything is settled; what is left are answers on their way to their readers.
    setInterval(() => servers.forEach((each) => each.closeIdleConnections()), 20);
    setTimeout(() => servers.forEach((each) => each.closeAllConnections()), LAST_ANSWERS_MS);
    await Promise.all(closed);
    process.exit(0);
  };
  onReload = (): void => {
    try {
      reload({ broker, tokens, servers }, readAgain());
      log('SIGHUP: files, config and certificate were read again', 'info');
    } catch (error) {
      const why = (error as Error).message.replaceAll('\n', ' ');
      log(`SIGHUP: the settings stay as they were: ${why}`, 'error');
    }
  };
  if (isToReload) onReload();
  process.on('SIGTERM', () => void stop(drainMs));
  process.on('SIGINT', () => void stop(0));
  const scheme = tls === undefined ? 'http' : 'https';
  const lines = [`vault-key-broker listening on ${scheme}://${placeOf(server)}\n`];
  if (admin !== undefined) {
    lines.push(`vault-key-broker listening for operators on ${scheme}://${placeOf(admin)}\n`);
  }
  process.stdout.write(lines.join(''));
}

async function listen(server: Server, host: string, port: number, setting: string): Promise<void> {
  server.listen({ port, host, backlog: BACKLOG });
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new BadSetting(
      `--host ${host} ${setting} ${port}: cannot listen (${error.code})${error.code === 'EADDRINUSE' ? ': another process has that port' : ''}`,
    );
  });
}

/** The host and port that a server listens on, as in a URL. */
function placeOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Whether a server that listens there is reached from this machine alone. */
function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host);
}

async function openBroker(settings: Settings, log: Log): Promise<Broker> {
  try {
    return await Broker.open(settings.broker, { log });
  } catch (error) {
    if (error instanceof BrokerOptionsError) throw new BadSetting(error.message);
    if (error instanceof SqliteDriverError) throw error;
    throw new BadSetting(
      `--store ${shownStore(settings.broker.store ?? '')}: ${(error as Error).message}`,
    );
  }
}
