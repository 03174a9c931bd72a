import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, send, temporaryFile } from '../support/broker-process';
import { until } from '../support/until';

const PAYMENT =
  'amount=1000&currency=usd&payment_method=pm_card_visa&confirm=true&return_url=https://x.test';
const SIZE = '4m';

/** How a command gets mounts of its own here: as root, or as root of a user namespace. */
const namespaceOptions = [['-m'], ['-rm']].find(
  (options) =>
    spawnSync('unshare', [...options, 'sh', '-c', 'mount -t tmpfs tmpfs /tmp']).status === 0,
);
const withSmallDisk = process.platform === 'linux' ? it : it.skip;

let vendor: StripeVendor;
beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterAll(() => vendor.close());

/**
 * A broker whose store is on a file system of 4 MiB of its own; where this machine gives nobody
 * one, on a disk on which no file may grow.
 */
async function onSmallDisk() {
  if (namespaceOptions === undefined) {
    const broker = await BrokerProcess.start({ vendor });
    const limit = (size: string): void => {
      execFileSync('prlimit', ['--pid', String(broker.pid), `--fsize=${size}:unlimited`]);
    };
    return { broker, fill: () => limit('0'), free: () => limit('unlimited') };
  }
  const folder = join(dirname(temporaryFile()), 'disk');
  mkdirSync(folder);
  const mount = `mount -t tmpfs -o size=${SIZE} tmpfs "${folder}" && exec "$0" "$@"`;
  const broker = await BrokerProcess.start({
    vendor,
    store: `sqlite:${join(folder, 'vault-key.db')}`,
    within: ['unshare', ...namespaceOptions, 'sh', '-c', mount],
  });
  // The process's own mounts, seen from here.
  const filler = `/proc/${broker.pid}/root${folder}/filler`;
  const fill = (): void => {
    const handle = openSync(filler, 'w');
    for (let bytes = 65_536; bytes >= 512;) {
      try {
        writeSync(handle, Buffer.alloc(bytes));
      } catch {
        bytes /= 2;
      }
    }
    closeSync(handle);
  };
  return { broker, fill, free: () => rmSync(filler) };
}

const ready = async ({ url }: BrokerProcess) => (await send(url, 'GET', '/readyz')).status;
const linesOf = ({ output }: BrokerProcess, about: string) =>
  output.split('\n').filter((line) => line.includes(about));

describe('a full disk', () => {
  withSmallDisk('is told by /readyz and by one line, until there is room again', async () => {
    const { broker, fill, free } = await onSmallDisk();
    const key = await broker.issue();
    const pay = () => broker.call(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
    expect([(await pay()).status, await ready(broker)]).toEqual([200, 200]);
    fill();
    await until(
      async () => (await pay()).status === 503,
      () => broker.output,
    );
    expect(await ready(broker)).toBe(503);
    expect((await pay()).body.code).toMatch(/^(?:store|audit)_unavailable$/);

    const metrics = await broker.api('GET', '/metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.text).toMatch(/^vault_key_live_keys 1$/m);
    expect(linesOf(broker, 'cannot be written')).toEqual([
      expect.stringMatching(
        /^vault-key-broker: the store .* \(SQLITE_(?:FULL|IOERR\w*): .*\): until it can,/,
      ),
    ]);

    free();
    expect(await ready(broker)).toBe(200);
    expect((await pay()).status).toBe(200);
    expect(linesOf(broker, 'can be written again')).toHaveLength(1);
    expect(linesOf(broker, 'cannot be written')).toHaveLength(1);
    expect((await broker.kill('SIGTERM')).code).toBe(0);
  });

  withSmallDisk('ends in an orderly stop all the same', async () => {
    const { broker, fill } = await onSmallDisk();
    const key = await broker.issue();
    fill();
    await until(
      async () =>
        (await broker.call(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT })).status ===
        503,
      () => broker.output,
    );
    const { code, signal, stderr } = await broker.kill('SIGTERM');
    expect([code, signal]).toEqual([0, null]);
    expect(stderr).not.toMatch(/\n\s+at |Uncaught|node:internal/);
  });
});
