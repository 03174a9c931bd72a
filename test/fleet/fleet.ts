import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { BrokerProcess, MANAGEMENT_TOKEN } from '../support/broker-process';
import { steadyPort } from '../support/free-port';
import { PostgresServer } from '../support/postgres-server';
import { ProgramProcess } from '../support/program-process';
import { until } from '../support/until';
import { VendorProcess } from '../support/vendor-process';
import { EUR_RATE } from './plan';

const AUDIT_KEY = 'the audit key of a fleet, of more than forty characters';
const LOGGED = [
  'logging_collector=on',
  'log_filename=server.log',
  'log_rotation_age=0',
  'log_rotation_size=0',
  'log_lock_waits=on',
  'log_min_duration_statement=2s',
];
const START_TRIES = 20;

/** How many processes there are: half of the applications are embedded, each other one has a broker. */
export interface FleetSize {
  brokers: number;
  apps: number;
}

/** A place in the fleet, whose process is started again where it was killed. */
interface Place<Process> {
  readonly name: string;
  readonly start: () => Promise<Process>;
  process: Process;
}

/** Brokers, and Nest applications with and without one of their own, on one database. */
export class Fleet {
  readonly #brokers: Place<BrokerProcess>[] = [];
  readonly #apps: Place<ProgramProcess>[] = [];
  /** Every process there was. */
  readonly #processes: { readonly output: string }[] = [];
  readonly #refusedStarts: string[] = [];
  readonly #database: string;

  private constructor(
    readonly server: PostgresServer,
    readonly vendor: VendorProcess,
    readonly url: string,
    private readonly folder: string,
  ) {
    this.#database = new URL(url).pathname.slice(1);
  }

  /** @param budgets Daily caps of the applications, by the path of a broker. */
  static async start(
    { brokers, apps }: FleetSize,
    budgets: NonNullable<VaultKeyModuleOptions['budgets']>,
    { vendorDelayMs = 0 } = {},
  ): Promise<Fleet> {
    const [server, vendor] = await Promise.all([
      PostgresServer.start(),
      VendorProcess.start({ delayMs: vendorDelayMs }),
    ]);
    await server.end();
    await server.begin(LOGGED);
    const folder = mkdtempSync(join(tmpdir(), 'vault-key-fleet-'));
    const fleet = new Fleet(server, vendor, await server.database(), folder);
    try {
      await fleet.#startBrokers(brokers);
      await fleet.#startApps(apps, budgets);
    } catch (error) {
      await fleet.close();
      throw error;
    }
    return fleet;
  }

  get brokers(): readonly BrokerProcess[] {
    return this.#brokers.map(({ process }) => process);
  }

  get apps(): readonly ProgramProcess[] {
    return this.#apps.map(({ process }) => process);
  }

  /** How many processes write to the store. */
  get writers(): number {
    return this.#brokers.length + this.#embedded.length;
  }

  get places(): readonly string[] {
    return [...this.#brokers, ...this.#apps].map(({ name }) => name);
  }

  /** All that any process has written. */
  get output(): string {
    return [...this.#processes.map(({ output }) => output), ...this.#refusedStarts].join('');
  }

  query(text: string): Promise<Record<string, unknown>[]> {
    return this.server.query(this.#database, text);
  }

  /** What PostgreSQL itself has logged. */
  async serverLog(): Promise<string> {
    const [row] = await this.query("SELECT pg_read_file('log/server.log') AS log");
    return row?.['log'] as string;
  }

  /** Kills a process at once, and starts another in its place. */
  async replace(name: string): Promise<void> {
    const place = [...this.#brokers, ...this.#apps].find((each) => each.name === name);
    if (place === undefined) throw new Error(`there is no ${name}`);
    await place.process.kill('SIGKILL');
    await this.#startAgain(place as Place<BrokerProcess | ProgramProcess>);
  }

  /** Has each process that writes to the store write something. */
  async wakeWriters(): Promise<void> {
    for (const broker of this.brokers) await broker.issue();
    for (const { process } of this.#embedded) {
      const answer = await fetch(`${process.url}/desk/charges`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ capUsd: 1, charges: [] }),
      });
      if (answer.status !== 201) throw new Error(`an application answered ${answer.status}`);
    }
  }

  /** A power failure of the server alone, and its start. */
  async killServer(): Promise<void> {
    await this.server.end('SIGKILL');
    // What it had forked ends a moment later, and has the data until then.
    let failure = '';
    await until(
      () =>
        this.server.begin(LOGGED).then(
          () => true,
          (error: unknown) => {
            failure = String(error);
            return false;
          },
        ),
      () => failure,
    );
  }

  /**
   * Stops every process in order, the applications first.
   *
   * @throws Error where one does not end well.
   */
  async stop(): Promise<void> {
    for (const places of [this.#apps, this.#brokers]) {
      await Promise.all(
        places.map(async ({ name, process }) => {
          const { code, signal } = await process.kill('SIGTERM');
          // Nest ends by the signal that it was told to stop with.
          if (code === 0 || signal === 'SIGTERM') return;
          throw new Error(`${name} ended with ${code ?? signal}: ${process.output}`);
        }),
      );
    }
  }

  async close(): Promise<void> {
    const all = [...this.#apps, ...this.#brokers];
    await Promise.all(all.map(({ process }) => process.kill('SIGKILL')));
    await this.vendor.close();
    await this.server.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #embedded(): Place<ProgramProcess>[] {
    return this.#apps.filter(({ name }) => name.startsWith('embedded'));
  }

  async #startBrokers(count: number): Promise<void> {
    const config = join(this.folder, 'config.json');
    writeFileSync(config, JSON.stringify({ vendors: { stripe: { rates: { eur: EUR_RATE } } } }));
    const add = async (i: number): Promise<void> => {
      // Its applications find it again where it was killed.
      const port = String(await steadyPort());
      await this.#add(this.#brokers, `broker ${i}`, () =>
        BrokerProcess.start({
          vendor: this.vendor,
          store: this.url,
          args: ['--config', config],
          env: { VAULT_KEY_PORT: port, VAULT_KEY_AUDIT_KEY: AUDIT_KEY },
        }),
      );
    };
    await Promise.all(Array.from({ length: count }, (_, i) => add(i)));
  }

  async #startApps(
    count: number,
    budgets: NonNullable<VaultKeyModuleOptions['budgets']>,
  ): Promise<void> {
    const { secretKey, url: baseUrl } = this.vendor;
    const embedded = {
      vendors: { stripe: { secretKey, baseUrl, rates: { eur: EUR_RATE } } },
      store: this.url,
      auditKey: AUDIT_KEY,
    };
    const startWith = (options: VaultKeyModuleOptions) => () =>
      ProgramProcess.start(join(__dirname, 'app.ts'), {
        MODULE_OPTIONS: JSON.stringify({ ...options, budgets, lease: true }),
      });
    await Promise.all(
      Array.from({ length: count }, (_, i) => {
        const isEmbedded = i % 2 === 0;
        const url = this.brokers[Math.floor(i / 2) % this.brokers.length]?.url;
        const options = isEmbedded ? { embedded } : { broker: { url, token: MANAGEMENT_TOKEN } };
        const name = isEmbedded ? `embedded ${i}` : `by URL ${i}`;
        return this.#add(this.#apps, name, startWith(options));
      }),
    );
  }

  async #add<Process extends { readonly output: string }>(
    places: Place<Process>[],
    name: string,
    begin: () => Promise<Process>,
  ): Promise<void> {
    const start = async (): Promise<Process> => {
      const process = await begin();
      this.#processes.push(process);
      return process;
    };
    places.push({ name, start, process: await start() });
  }

  /** As what supervises it does: the store may be away meanwhile. */
  async #startAgain<Process>(place: Place<Process>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        place.process = await place.start();
        return;
      } catch (error) {
        this.#refusedStarts.push(`${place.name}: ${(error as Error).message}\n`);
        if (tries === START_TRIES) throw error;
      }
    }
  }
}
