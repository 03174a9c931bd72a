import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AgentKey, Payment } from './record';
import { distOf } from './member';
import type { World } from './world';

const KEY_USD = 50;
const CLIENTS_EXCEPTIONS =
  /^(?:paid|vault_key_unavailable|vault_key_invalid|vendor_outcome_unknown|vendor_unreachable|spend_cap_exceeded|vault_key_missing)$/;

/** What an instance says over IPC. */
interface Said {
  isReady?: boolean;
  number?: number;
  key?: { id: string; token: string };
  outcome?: string;
}

/** A payment that a Nest instance makes. */
export interface NestPayment {
  payment: Payment;
  /** Resolves once its key is issued; never where none is. */
  keyGiven: Promise<AgentKey>;
  /** `paid`, or the code of the exception. */
  outcome: Promise<string>;
}

/** A Nest application in a process of its own, built on the package. */
export class NestInstance {
  #numbers = 0;
  #stderr = '';

  private constructor(
    private readonly world: World,
    private readonly child: ChildProcess,
  ) {
    child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
  }

  /** @param options Of `VaultKeyModule.forRoot`. */
  static async start(
    world: World,
    options: Readonly<Record<string, unknown>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<NestInstance> {
    const child = fork(join(__dirname, 'nest-process.js'), {
      env: {
        PATH: process.env['PATH'] ?? '',
        INSTANCE_DIST: distOf(),
        NEST_OPTIONS: JSON.stringify(options),
        ...env,
      },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const instance = new NestInstance(world, child);
    const [said] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [Said];
    if (said.isReady !== true) throw new Error(`the application ended: ${instance.#stderr}`);
    world.onClose(() => instance.kill());
    return instance;
  }

  /** Pays under a new key. */
  pay(cents: number): NestPayment {
    const { child, world } = this;
    const number = ++this.#numbers;
    let give!: (key: AgentKey) => void;
    const keyGiven = new Promise<AgentKey>((resolve) => (give = resolve));
    const key: AgentKey = {
      id: '',
      token: '',
      user: 'nest',
      capUsd: KEY_USD,
      revocation: 'asked',
    };
    const payment = world.agents.newPayment(key, cents);
    payment.idempotencyKey = `idem-${payment.id}-nest`;
    const outcome = new Promise<string>((resolve) => {
      const settle = (text: string): void => {
        child.off('message', onMessage);
        if (text === 'paid') {
          payment.isPaid = true;
          world.record.paid += 1;
        } else if (!/unavailable|missing|unreachable|cap_exceeded/.test(text)) {
          payment.isUnclear = true;
        }
        if (text !== 'the instance died' && !CLIENTS_EXCEPTIONS.test(text)) {
          world.record.violations.push(`a handler of the application got ${text}`);
        }
        resolve(text);
      };
      const onMessage = (said: Said): void => {
        if (said.number !== number) return;
        if (said.key !== undefined) {
          Object.assign(key, said.key);
          world.record.keys.push(key);
          give(key);
        } else if (said.outcome !== undefined) settle(said.outcome);
      };
      child.on('message', onMessage);
      child.once('exit', () => settle('the instance died'));
    });
    const { id: operation, idempotencyKey } = payment;
    child.send({ number, payment: { operation, cents, idempotencyKey } });
    return { payment, keyGiven, outcome };
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
