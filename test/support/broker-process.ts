import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { killedAfterSuite } from './child-processes';

/** The built command. `BROKER_CLI` points at another build of it. */
const CLI = resolve(process.env['BROKER_CLI'] ?? join(__dirname, '../../dist/broker/cli/main.js'));
const PROBE = join(__dirname, 'heap-probe.js');
const START_TIMEOUT_MS = 60_000;

/** The management token of every broker started here. */
export const MANAGEMENT_TOKEN = 'kb_test_management_token_of_40_characters';

export interface BrokerProcessOptions {
  /** The vendor's URL and its secret. */
  vendor?: { url: string; secretKey: string };
  /** Added to the environment, in place of what stands there. */
  env?: Readonly<Record<string, string>>;
  /** Added to the command line. */
  args?: readonly string[];
  /** @default a new file, gone after the suite */
  store?: string;
  /** The command that runs it, with its own arguments; it has to become the broker's process. */
  within?: readonly string[];
  /** Another build of the command. */
  cli?: string;
  /** Lets {@link BrokerProcess.memory} be asked. */
  probe?: boolean;
}

/** An answer, read to its end. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; `undefined` where it is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says by its expectation what it is
  body: any;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface IssuedKey {
  id: string;
  token: string;
}

export interface Call {
  body?: string | Buffer;
  headers?: Readonly<Record<string, string>>;
}

const children = killedAfterSuite();
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A file in a folder of its own, which is gone after the suite. */
export function temporaryFile(name = 'vault-key.db'): string {
  const folder = mkdtempSync(join(tmpdir(), 'vault-key-broker-'));
  folders.push(folder);
  return join(folder, name);
}

/** A client's own connections; `agent.destroy()` ends them. */
const agent = new Agent({ keepAlive: true, maxSockets: 512 });
afterAll(() => agent.destroy());

/** Sends a request with the target as given, and reads the answer to its end. */
export function send(url: string, method: string, target: string, call: Call = {}) {
  return new Promise<Answer>((resolve, reject) => {
    open(url, method, target, call).then((res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { statusCode: status = 0, headers } = res;
        resolve({ status, headers, text, body: parse(text) });
      });
    }, reject);
  });
}

/** Sends a request, and resolves with the head of the answer; the body waits for its reader. */
export function open(url: string, method: string, target: string, call: Call = {}) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const headers: Record<string, string> = { ...call.headers };
    if (call.body !== undefined) headers['content-length'] = String(Buffer.byteLength(call.body));
    const req = request({ hostname, port, method, path: target, headers, agent }, resolve);
    req.on('error', reject);
    req.end(call.body);
  });
}

/** A broker that listens, and what is asked of it. */
export abstract class RunningBroker {
  /** `http://127.0.0.1:<port>` */
  abstract get url(): string;

  get token(): string {
    return MANAGEMENT_TOKEN;
  }

  /** A call of the management API; `body` goes as JSON. */
  api(method: string, path: string, body?: unknown, token = this.token): Promise<Answer> {
    return send(this.url, method, path, {
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Issues a key; `fields` in place of the usual ones. */
  async issue(fields: Readonly<Record<string, unknown>> = {}): Promise<IssuedKey> {
    const answer = await this.api('POST', '/v1/keys', {
      label: 'nest-u1-r1',
      vendor: 'stripe',
      daily_usd_cap: 100,
      allowed_endpoints: ['/v1/payment_intents', '/v1/payment_intents/*'],
      ...fields,
    });
    if (answer.status !== 201) throw new Error(`No key was issued: ${answer.text}`);
    return answer.body as IssuedKey;
  }

  /** What a key has spent, holds and has left, in USD. */
  async money(key: { id: string }): Promise<{ spent: number; held: number; remaining: number }> {
    const { body } = await this.api('GET', `/v1/keys/${key.id}`);
    return { spent: body.spent_usd, held: body.held_usd, remaining: body.remaining_usd };
  }

  /** Puts a call through the proxy; a text body without a content type goes as a form. */
  call(token: string, method: string, target: string, call: Call = {}): Promise<Answer> {
    return send(this.url, method, `/stripe${target}`, withKey(token, call));
  }

  /** As {@link call}, but the answer's body waits for its reader. */
  open(token: string, method: string, target: string, call: Call = {}): Promise<IncomingMessage> {
    return open(this.url, method, `/stripe${target}`, withKey(token, call));
  }
}

/** `vault-key-broker` as its own process. It ends with the suite, whatever happens. */
export class BrokerProcess extends RunningBroker {
  #stdout = '';
  #stderr = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly options: BrokerProcessOptions,
    readonly store: string,
  ) {
    super();
    child.stdout?.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    children.add(child);
    child.once('exit', () => children.delete(child));
  }

  /** Starts the command and waits until it listens. Rejects with its output where it does not. */
  static async start(options: BrokerProcessOptions = {}): Promise<BrokerProcess> {
    const broker = BrokerProcess.spawn(options);
    const exited = broker.exited().then(({ code, stderr }) => {
      throw new Error(`vault-key-broker exited with ${code} before it listened: ${stderr}`);
    });
    await Promise.race([broker.#listening(), exited]);
    exited.catch(() => {});
    return broker;
  }

  /** Runs the command to its end: for what must not start. */
  static run(options: BrokerProcessOptions = {}): Promise<Exit> {
    return BrokerProcess.spawn(options).exited();
  }

  /** Starts the command without waiting. */
  static spawn(options: BrokerProcessOptions): BrokerProcess {
    const store = options.store ?? `sqlite:${temporaryFile()}`;
    const { vendor = { url: 'http://127.0.0.1:9', secretKey: 'sk_test_none' } } = options;
    const node = options.probe === true ? ['--expose-gc', '--require', PROBE] : [];
    const [command = process.execPath, ...args] = [
      ...(options.within ?? []),
      process.execPath,
      ...node,
      options.cli ?? CLI,
      ...(options.args ?? []),
    ];
    const child = spawn(command, args, {
      env: {
        PATH: process.env['PATH'] ?? '',
        KEYBRAKE_TOKEN: MANAGEMENT_TOKEN,
        VAULT_KEY_PORT: '0',
        VAULT_KEY_DRAIN: '0s',
        VAULT_KEY_STORE: store,
        STRIPE_SECRET_KEY: vendor.secretKey,
        STRIPE_BASE_URL: vendor.url,
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.probe === true ? (['ipc'] as const) : [])],
    });
    return new BrokerProcess(child, options, store);
  }

  /** Resolves once the process has written a text, beyond what `output` had before where that is given. */
  async says(text: string, before = 0): Promise<void> {
    const { stdout, stderr } = this.child;
    while (!this.output.includes(text, before)) {
      await Promise.race([
        once(stdout as NodeJS.EventEmitter, 'data'),
        once(stderr as NodeJS.EventEmitter, 'data'),
        this.exited().then(({ code }) => {
          throw new Error(`vault-key-broker exited with ${code} before it said ${text}`);
        }),
      ]);
    }
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** `http://127.0.0.1:<port>`, as the command printed it. */
  get url(): string {
    return /listening on (https?:\S+)\n/.exec(this.#stdout)?.[1] ?? '';
  }

  /** All that the process has written, to either side. */
  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** The memory of the process after a garbage collection, in bytes. Needs `probe`. */
  async memory(): Promise<NodeJS.MemoryUsage> {
    const answer = once(this.child, 'message');
    this.child.send('memory');
    return ((await answer) as [NodeJS.MemoryUsage])[0];
  }

  /** Sends a signal and waits for the end of the process. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    const exited = this.exited();
    this.child.kill(signal);
    return exited;
  }

  /** Starts the command again, on the same store and with the same settings. */
  restart(): Promise<BrokerProcess> {
    return BrokerProcess.start({ ...this.options, store: this.store });
  }

  /** Resolves at the end of the process. */
  async exited(): Promise<Exit> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await once(this.child, 'close');
    }
    const { exitCode: code, signalCode: signal } = this.child;
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }

  async #listening(): Promise<void> {
    const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
    while (this.url === '') {
      await once(this.child.stdout as NodeJS.EventEmitter, 'data', { signal: timeout });
    }
  }
}

function withKey(token: string, call: Call): Call {
  return {
    ...call,
    headers: {
      authorization: `Bearer ${token}`,
      ...(call.body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...call.headers,
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
