import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { BrokerClient, VaultKeyUnavailableException } from '../../../lib/index';
import type { KeyView } from '../../../lib/broker/index';
import { Gates } from '../../support/gates';
import { SecretWatch } from '../../support/secret-watch';
import { ToolWork } from './tool-work';
import { brokerOf, metricsOf } from '../../support/broker-of';

/**
 * The application's inner side, as the promises look at it. Takes and gives what JSON can carry, so
 * that an application in another process can be asked over a pipe.
 */
export interface ToolHost {
  /** Every key, by the broker's own word, of one run if it is named. */
  keys(run?: string): Promise<KeyView[]>;
  /** Whether the tool of a run has begun. */
  began(run: string): Promise<boolean>;
  /** Resolves when somebody stands before the gate. */
  gateReached(gate: string): Promise<void>;
  openGate(gate: string): Promise<void>;
  /** What the call that a run left behind came to: the name of its error. */
  leftBehind(run: string): Promise<string>;
  /** The broker's answer to the issue of a run's key waits at the gate. */
  holdIssueOf(run: string, gate: string): Promise<void>;
  /** The broker gives no key to a run. */
  refuseIssueOf(run: string): Promise<void>;
  /** What must never show: the tokens of the keys so far. */
  secrets(): Promise<string[]>;
  /** What showed of them, in the log, in errors and in metrics, each secret cut out. */
  leaks(secrets: readonly string[]): Promise<string[]>;
}

/** The inner side of an application in this process. */
export class InProcessHost implements ToolHost {
  readonly #held = new Map<string, string>();
  readonly #refused = new Set<string>();

  /** @param app Already started. */
  constructor(private readonly app: INestApplicationContext) {
    const client = app.get(BrokerClient, { strict: false });
    const issue = client.issue.bind(client);
    client.issue = async (request) => {
      const run = request.subject.runId ?? '';
      if (this.#refused.has(run)) {
        return {
          issued: false,
          error: new VaultKeyUnavailableException({ message: 'No key today. Try again later.' }),
        };
      }
      const result = await issue(request);
      const gate = this.#held.get(run);
      if (gate !== undefined) await this.#gates.gate(gate).pass();
      return result;
    };
  }

  async keys(run?: string): Promise<KeyView[]> {
    const broker = brokerOf(this.app);
    const keys: KeyView[] = [];
    let cursor: string | undefined;
    do {
      const page = await broker.keys({}, 1_000, cursor);
      keys.push(...page.keys);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return run === undefined ? keys : keys.filter(({ subject }) => subject.run_id === run);
  }

  async began(run: string): Promise<boolean> {
    return this.#work.began.has(run);
  }

  gateReached(gate: string): Promise<void> {
    return this.#gates.gate(gate).reached;
  }

  async openGate(gate: string): Promise<void> {
    this.#gates.gate(gate).open();
  }

  async leftBehind(run: string): Promise<string> {
    const error = await this.#work.leftBehind.get(run);
    this.#watch.show(error);
    return (error as Error).name;
  }

  async holdIssueOf(run: string, gate: string): Promise<void> {
    this.#held.set(run, gate);
  }

  async refuseIssueOf(run: string): Promise<void> {
    this.#refused.add(run);
  }

  async secrets(): Promise<string[]> {
    return [...this.#watch.secrets];
  }

  async leaks(secrets: readonly string[]): Promise<string[]> {
    for (const secret of secrets) this.#watch.addSecret(secret);
    this.#watch.show(await metricsOf(this.app));
    return this.#watch.leaks();
  }

  get #work(): ToolWork {
    return this.app.get(ToolWork, { strict: false });
  }

  get #gates(): Gates {
    return this.app.get(Gates, { strict: false });
  }

  get #watch(): SecretWatch {
    return this.app.get(SecretWatch, { strict: false });
  }
}

/** Shows every line of an application's log to a watch. */
export function loggerTo(show: (line: unknown) => void): LoggerService {
  const log = (...lines: unknown[]): void => lines.forEach(show);
  return { log, error: log, warn: log, debug: log, verbose: log, fatal: log };
}

/** Lets an application log to its own {@link SecretWatch}. */
export function watchLog(app: INestApplicationContext): void {
  const watch = app.get(SecretWatch, { strict: false });
  app.useLogger(loggerTo((line) => watch.show(line)));
}
