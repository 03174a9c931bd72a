import { REFUSALS } from '../../../lib/contract/refusal-codes';
import type { Answer } from '../../support/broker-process';

/** A key that was given out. */
export interface AgentKey {
  id: string;
  token: string;
  user: string;
  capUsd: number;
  parent?: AgentKey;
  /** Whether anybody asked for its revocation, and whether that was acknowledged. */
  revocation: 'none' | 'asked' | 'acknowledged';
  /** Whether the vendor says that it took more than it was asked for, over the cap. */
  isOverspent?: boolean;
}

/** One payment; all its sendings are alike. */
export interface Payment {
  id: string;
  key: AgentKey;
  cents: number;
  idempotencyKey: string;
  /** Whether the vendor's 2xx has reached the agent. */
  isPaid: boolean;
  /** Whether what became of one of its sendings is not known to the agent. */
  isUnclear: boolean;
  /** What each sending was answered, and by whom. */
  answers: string[];
  /** What the vendor says that it cost, in cents, where that is not what was asked for. */
  reportedCents?: number;
}

/** What agents may be answered by an instance: a refusal that is documented, or the vendor's own answer. */
const VERDICTS: ReadonlySet<string> = new Set([...Object.keys(REFUSALS), 'forwarded']);
/** What must reach nobody: words of the database. */
const DATABASE_WORDS =
  /deadlock|serializ|could not obtain|duplicate key|syntax error|relation "|vault_key\.|SQLITE_|libsql|\b(?:40001|40P01|23505|55P03|57P0\d|53\d00|25006)\b/i;

/** What agents were answered, and what must never have been. */
export class FaultRecord {
  readonly keys: AgentKey[] = [];
  readonly payments: Payment[] = [];
  readonly violations: string[] = [];
  /** How often each answer came: `200`, `503 store_unavailable`, `ECONNRESET`. */
  readonly answers = new Map<string, number>();
  /** The longest time that a caller waited for a 503, in milliseconds. */
  slowestRefusal = 0;
  /** What that 503 was an answer to. */
  slowestRefused = '';
  /** How many answers were a 503, to calls and to words. */
  refused = 0;
  paid = 0;
  /** Whether keys of agents may end before their time. */
  mayKeysEnd = false;
  revoked = 0;
  #numbers = 0;

  /** The store has lost what it had acknowledged so far: promises are of what comes from now on. */
  forget(): void {
    this.keys.length = 0;
    this.payments.length = 0;
    this.paid = 0;
    this.revoked = 0;
  }

  nextNumber(): number {
    return ++this.#numbers;
  }

  /** Takes an answer to a call, and the time it took. */
  noteCall(what: string, answer: Answer, tookMs: number): void {
    const verdict = String(answer.headers['x-vault-key-verdict']);
    this.#count(verdict === 'forwarded' ? `${answer.status}` : `${answer.status} ${verdict}`);
    if (!VERDICTS.has(verdict)) this.#violation(what, answer);
    this.#look(what, answer, tookMs);
  }

  /** Takes an answer of the management API. */
  noteWord(what: string, answer: Answer, tookMs: number): void {
    this.#count(`${answer.status} of the management API`);
    const isParentGone = this.mayKeysEnd && answer.status === 422;
    const isKnown = [200, 201, 403, 404, 503].includes(answer.status) || isParentGone;
    if (!isKnown) this.#violation(what, answer);
    this.#look(what, answer, tookMs);
  }

  noteBroken(error: NodeJS.ErrnoException): void {
    this.#count(error.code ?? error.message);
  }

  #look(what: string, answer: Answer, tookMs: number): void {
    if (answer.status === 503) {
      this.refused += 1;
      if (tookMs > this.slowestRefusal) {
        this.slowestRefusal = tookMs;
        this.slowestRefused = `${what}: ${answer.text.slice(0, 300)}`;
      }
    }
    const isOurs = answer.headers['x-vault-key-verdict'] !== 'forwarded';
    if (isOurs && DATABASE_WORDS.test(answer.text)) this.#violation(what, answer);
  }

  #count(answer: string): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
  }

  #violation(what: string, answer: Answer): void {
    this.violations.push(`${what} was answered ${answer.status} ${answer.text.slice(0, 300)}`);
  }
}
