import type { INestApplication } from '@nestjs/common';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { Pool } from 'pg';
import type { KeyView, PooledStore } from '../../lib/broker/index';
import type { StripeVendor } from '../../lib/testing/index';
import { BrokerProcess } from './broker-process';
import { KeybrakeServer } from './keybrake-server';
import { POSTGRES_KINDS } from './postgres-binaries';
import { PostgresServer } from './postgres-server';
import { IS_FULL_RUN } from './property-runs';
import { brokerOf, metricsOf } from './broker-of';

/** One way to have a broker, as an application is configured for it. */
export interface BrokerUnderTest {
  options: VaultKeyModuleOptions;
  /** Every key that the broker knows, or those in one state. */
  keys(app: INestApplication, status?: 'active'): Promise<KeyView[]>;
  /** What must never show, beside the vault keys' tokens. */
  secrets: string[];
  /** All that the broker has printed. */
  output(): string;
  /** What Prometheus reads of it. */
  metrics(app: INestApplication): Promise<string>;
  close(): Promise<void>;
}

export const brokers: Record<string, (vendor: StripeVendor) => Promise<BrokerUnderTest>> = {
  async 'the built vault-key-broker'(vendor) {
    const broker = await BrokerProcess.start({ vendor });
    return {
      options: { broker: { url: broker.url, token: broker.token } },
      keys: (_app, status) => listKeys((cursor) => pageOf(broker, status, cursor)),
      secrets: [broker.token, vendor.secretKey],
      output: () => broker.output,
      metrics: async () => (await broker.api('GET', '/metrics')).text,
      close: () => stop(broker),
    };
  },

  async 'the embedded broker'(vendor) {
    return {
      options: {
        embedded: {
          vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
          store: 'sqlite::memory:',
        },
      },
      keys: (app, status) =>
        listKeys((cursor) =>
          brokerOf(app).keys(status === undefined ? {} : { status }, 1_000, cursor),
        ),
      secrets: [vendor.secretKey],
      output: () => '',
      metrics: metricsOf,
      close: async () => {},
    };
  },

  'the embedded broker on PostgreSQL': async (vendor) => {
    const server = await PostgresServer.start();
    const store = await server.database();
    return onPostgres(vendor, { store, close: () => server.remove() });
  },

  async "a server of Keybrake's own contract alone"(vendor) {
    const broker = await BrokerProcess.start({ vendor });
    const keybrake = await KeybrakeServer.start(broker.url);
    return {
      options: { broker: { url: keybrake.url, token: broker.token, dialect: 'keybrake' } },
      keys: (_app, status) => listKeys((cursor) => pageOf(broker, status, cursor)),
      secrets: [broker.token, vendor.secretKey],
      output: () => broker.output,
      metrics: async () => (await broker.api('GET', '/metrics')).text,
      async close() {
        await keybrake.close();
        await stop(broker);
      },
    };
  },
};

/** The other versions of PostgreSQL that are here, which the pool of an application leads to: in a full run. */
export const brokersOnPools: typeof brokers = Object.fromEntries(
  POSTGRES_KINDS.filter(([, kind]) => IS_FULL_RUN && kind !== 'embedded').map(([name, kind]) => [
    `the embedded broker on a pool to ${name}`,
    async (vendor: StripeVendor) => {
      const server = await PostgresServer.start({ kind });
      const pool = new Pool({ connectionString: await server.database() });
      const close = async (): Promise<void> => {
        await pool.end();
        await server.remove();
      };
      return onPostgres(vendor, { store: { pool }, close });
    },
  ]),
);

function onPostgres(
  vendor: StripeVendor,
  { store, close }: { store: string | PooledStore; close: () => Promise<void> },
): BrokerUnderTest {
  return {
    options: {
      embedded: {
        vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
        store,
        auditKey: 'an audit key of more than forty characters',
      },
    },
    keys: (app, status) =>
      listKeys((cursor) =>
        brokerOf(app).keys(status === undefined ? {} : { status }, 1_000, cursor),
      ),
    secrets: [vendor.secretKey],
    output: () => '',
    metrics: metricsOf,
    close,
  };
}

async function listKeys(
  page: (cursor?: string) => Promise<{ keys: readonly KeyView[]; cursor?: string }>,
): Promise<KeyView[]> {
  const keys: KeyView[] = [];
  let cursor: string | undefined;
  do {
    const next = await page(cursor);
    keys.push(...next.keys);
    cursor = next.cursor;
  } while (cursor !== undefined);
  return keys;
}

async function pageOf(
  broker: BrokerProcess,
  status: 'active' | undefined,
  cursor: string | undefined,
): Promise<{ keys: readonly KeyView[]; cursor?: string }> {
  const query = new URLSearchParams({
    limit: '1000',
    ...(status === undefined ? {} : { status }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const { body } = await broker.api('GET', `/v1/keys?${query.toString()}`);
  return body as { keys: readonly KeyView[]; cursor?: string };
}

/** @throws Error where the command does not end by itself and well. */
async function stop(broker: BrokerProcess): Promise<void> {
  const { code, stderr } = await broker.kill('SIGTERM');
  if (code !== 0 || stderr !== '') {
    throw new Error(`vault-key-broker ended with ${code} and said: ${stderr}`);
  }
}
