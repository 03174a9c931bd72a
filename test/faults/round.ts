import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker } from '../../lib/broker/broker';
import { createBrokerServer } from '../../lib/broker/http/broker-server';
import { StoreInUseError } from '../../lib/broker/ledger/store-doubt';
import { BrokerRefusal } from '../../lib/broker/refusal';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { MANAGEMENT_TOKEN, send } from '../support/broker-process';
import type { Answer, Call } from '../support/broker-process';
import { ExecutedMoney } from '../support/executed-money';
import { SeededRandom } from '../support/seeded-random';
import { until } from '../support/until';
import { Acknowledged } from './acknowledged';
import { StoreFaults, newSharedFaults, watchStore } from './driver-faults';
import type { StatementWatcher } from './driver-faults';
import { Load } from './load';
import type { WayIn } from './load';
import { checkCopy, checkExactly, openBroker } from './promises';
import type { Moment } from './promises';
import { StoreCopies } from './store-copies';
import type { StoreCopy } from './store-copies';
import { WriterFaults } from './writer-faults';

export type Mode = 'embedded' | 'over HTTP';

/** What rounds came to. */
export interface Figures {
  rounds: number;
  operations: number;
  statements: number;
  failures: number;
  copies: number;
  /** Of these, how many were made at a statement of the thread that writes. */
  writerCopies: number;
  movements: number;
}

const SETTLING_MS = 60_000;
/** How likely a copy is at a statement: of the first ones, which make the store, and of the others. */
const BIRTH_COPY_RATE = 0.02;
const COPY_RATE = 0.002;
const BIRTH = 60;
const MAX_COPIES = 12;

/**
 * One broker on one store, from its birth to its end, with clients whose calls meet failing
 * statements; then every promise, held against copies of the store and against the store itself.
 *
 * @throws Error naming the first promise that was broken; the store's folder then stays.
 */
export async function playRound(
  mode: Mode,
  seed: number,
  operations: number,
  figures: Figures,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vault-key-faults-'));
  const vendor = await createStripeVendor({ keep: Infinity });
  try {
    await new Round(mode, seed, join(folder, 'vault-key.db'), vendor, figures).play(operations);
  } catch (error) {
    throw new Error(`${mode}, FAULTS_SEED=${seed}, ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await vendor.close();
  }
  rmSync(folder, { recursive: true, force: true });
}

class Round {
  readonly #acknowledged = new Acknowledged();
  readonly #random: SeededRandom;
  readonly #faults: StoreFaults;
  readonly #writer: WriterFaults;
  readonly #copies: StoreCopies;
  readonly #found: { copy: StoreCopy; moment: Moment }[] = [];

  constructor(
    private readonly mode: Mode,
    seed: number,
    private file: string,
    private readonly vendor: StripeVendor,
    private readonly figures: Figures,
  ) {
    this.#random = new SeededRandom(seed);
    this.#copies = new StoreCopies(file, new SeededRandom(seed + 1), (copy) => this.#note(copy));
    const shared = newSharedFaults();
    const watcher: StatementWatcher = (moment, sql) => {
      if (this.#found.length >= MAX_COPIES) return;
      const isBirth = this.#faults.statements < BIRTH;
      this.#copies.atStatement(moment, sql, isBirth ? BIRTH_COPY_RATE : COPY_RATE);
    };
    this.#faults = new StoreFaults(new SeededRandom(seed + 2), watcher, shared);
    this.#writer = new WriterFaults(seed + 3, COPY_RATE, shared, ({ walBefore }) => {
      this.figures.writerCopies += 1;
      if (walBefore === undefined) this.#note(this.#copies.copy('at a statement of the thread'));
      else this.#copies.tear(walBefore);
      this.#writer.areCopiesWanted = this.#found.length < MAX_COPIES;
    });
    this.#watch(file);
  }

  async play(operations: number): Promise<void> {
    const { vendor, figures } = this;
    const acknowledged = this.#acknowledged;
    const endsInFaults = this.#random.chance(0.3);
    const broker = await this.#open(this.#random.chance(0.3));
    const server = await listen(broker);
    try {
      const way = this.mode === 'embedded' ? withinProcess(broker, server) : overHttp(server);
      const load = new Load(
        way,
        acknowledged,
        vendor,
        new ExecutedMoney(vendor),
        this.#random,
        operations,
      );
      await load.prepare();
      this.#faults.enabled = true;
      this.#writer.areCopiesWanted = true;
      await load.run();
      this.#writer.areCopiesWanted = false;
      this.#faults.enabled = endsInFaults;
      if (!endsInFaults) await this.#settle(broker);
      this.#note(this.#copies.copy('after the last call'));
    } finally {
      server.closeAllConnections();
      server.close();
      await broker.close();
      this.#faults.enabled = false;
      this.#writer.end();
    }
    this.#note(this.#copies.copy('after the end'));
    if (vendor.book.executed.length === 0) throw new Error('no call has moved any money');
    const violation = acknowledged.violations[0];
    if (violation !== undefined) throw new Error(violation);

    for (const { copy, moment } of this.#found) {
      await checkCopy(copy, moment, acknowledged, vendor).catch((error: Error) => {
        throw new Error(`a copy made ${copy.moment} (${copy.file}): ${error.message}`, {
          cause: error,
        });
      });
    }
    // What could not be settled to the end is unknown now.
    await (await this.#open(false)).close();
    if (!endsInFaults) checkExactly(this.file, acknowledged, vendor);

    figures.rounds += 1;
    figures.operations += acknowledged.operationsAsked;
    figures.statements += this.#faults.statements;
    figures.failures += this.#faults.injected;
    figures.copies += this.#found.length;
    figures.movements += vendor.book.executed.length;
  }

  /** Starts a broker; a start that fails leaves a store on which another one succeeds. */
  async #open(withFaults: boolean): Promise<Broker> {
    for (let left = withFaults ? 5 : 0; ; left--) {
      this.#faults.enabled = left > 0;
      try {
        return await openBroker(this.file, this.vendor);
      } catch (error) {
        // A disk that takes nothing, the end of it neither: the process would end here.
        if (error instanceof StoreInUseError) this.#leave();
        else if (left <= 0) throw error;
      } finally {
        this.#faults.enabled = false;
      }
    }
  }

  /** Goes on with the files as the end of the process leaves them. */
  #leave(): void {
    const { file } = this.#copies.copy('at the end of a process');
    this.file = file;
    this.#copies.file = file;
    this.#watch(file);
  }

  #watch(file: string): void {
    watchStore(file, this.#faults);
    this.#writer.watch(file);
  }

  /** Waits until what has ended at the vendor is settled. */
  async #settle(broker: Broker): Promise<void> {
    const held = async (): Promise<number> => {
      // Asks for a write: what was kept is tried after it. It says no while a row of the log is kept.
      await broker.state().catch(() => {});
      return (await broker.holds.list({ state: 'held' }, 1_000)).holds.length;
    };
    await until(
      async () => (await held()) === 0,
      async () => `${await held()} holds are held, and no call is under way`,
      SETTLING_MS,
    );
  }

  #note(copy: StoreCopy): void {
    const moment = { now: this.#acknowledged.now, lastCall: this.vendor.book.entries.length };
    this.#found.push({ copy, moment });
  }
}

async function listen(broker: Broker): Promise<Server> {
  const server = createBrokerServer(broker, { token: MANAGEMENT_TOKEN });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function overHttp(server: Server): WayIn {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const authorization = `Bearer ${MANAGEMENT_TOKEN}`;
  const api = (method: string, path: string, body?: unknown): Promise<Answer> =>
    send(url, method, path, {
      headers: {
        authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    writesKeysFirst: true,
    issue: (fields) => api('POST', '/v1/keys', fields),
    api,
    call: (token, method, target, call = {}) =>
      send(url, method, `/stripe${target}`, { ...call, headers: headersOf(token, call) }),
  };
}

/** Keys and calls as the embedded client has them; what an operator asks comes over a socket. */
function withinProcess(broker: Broker, server: Server): WayIn {
  return {
    ...overHttp(server),
    writesKeysFirst: false,
    async issue(fields) {
      try {
        return answerOf(201, {}, JSON.stringify(await broker.issueForOwnWork(fields)));
      } catch (error) {
        if (!(error instanceof BrokerRefusal)) return answerOf(503, {}, String(error));
        return answerOf(error.status, {}, error.toBody());
      }
    },
    async call(token, method, target, call = {}) {
      const answer = await broker.forward({
        vendor: 'stripe',
        method,
        target,
        rawHeaders: Object.entries(headersOf(token, call)).flat(),
        ...(call.body === undefined ? {} : { body: Buffer.from(call.body) }),
      });
      const bytes = await answer.bytes(1_048_576);
      if (bytes === undefined) throw new Error('the answer was cut short');
      return answerOf(answer.status, answer.headers, bytes.toString());
    },
  };
}

function headersOf(token: string, { body, headers }: Call): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    ...headers,
  };
}

function answerOf(status: number, headers: Answer['headers'], text: string): Answer {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status, headers, text, body };
}
