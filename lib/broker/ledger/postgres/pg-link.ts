import {
  asRefusal,
  codeOf,
  connectionLost,
  isConnectionLost,
  isStalled,
  onStandby,
  timedOut,
} from './pg-errors';
import type { PgDriver, PgSession } from './pg-driver';

/**
 * How long the server may take to answer a statement, a connection included, or a batch with all its statements:
 * who has asked is answered within 5 s.
 */
export const ANSWER_MS = 4_500;

/** By how much a timer may be early. */
const TIMER_MS = 2;

/** A row as the server gives it. */
export type PgRow = Readonly<Record<string, unknown>>;

/** What a connection is asked for. */
export type PgValues = readonly (string | number | null | readonly string[])[];

/**
 * One connection to the server, made when it is first asked for and again after it was lost. Statements
 * are sent at once, behind those that were sent before.
 */
export class PgLink {
  #session: Promise<PgSession> | undefined;
  /** Connections that were given up because the server did not answer. */
  readonly #stalled = new WeakSet<Promise<PgSession>>();
  /** Grows with each connection. */
  #generation = 0;
  #isClosed = false;
  /** No statement is waited for any longer than until then, by `performance.now()`. */
  #until = Infinity;

  constructor(
    private readonly driver: PgDriver,
    private readonly url: string,
    private readonly answerMs = ANSWER_MS,
  ) {}

  /** Names the connection that the next statement goes to. */
  get generation(): number {
    if (this.#session === undefined) void this.#begin();
    return this.#generation;
  }

  /** From now on all statements together may take as long as one, until it is called again. */
  limit(): void {
    this.#until = performance.now() + this.answerMs;
  }

  /**
   * @param within The connection that has the transaction of the statement: on another one it would be outside.
   * @throws Error with a `code`: SQLSTATE, that of a lost connection, or `ETIMEDOUT`.
   */
  async query(text: string, values?: PgValues, within?: number): Promise<readonly PgRow[]> {
    if (within !== undefined && (this.#session === undefined || within !== this.#generation)) {
      throw connectionLost();
    }
    const connecting = this.#session ?? this.#begin();
    const asked = connecting.then((session) => session.query(text, values && [...values]));
    const { rows } = await this.#within(asked, connecting);
    return rows;
  }

  /** Gives up the connection: what is under way fails, and the next statement makes a new one. */
  drop(): void {
    const connecting = this.#session;
    this.#session = undefined;
    connecting?.then((session) => session.destroy()).catch(() => {});
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const connecting = this.#session;
    this.#session = undefined;
    if (connecting === undefined) return;
    const ending = connecting.then((session) => session.end());
    await inTime(ending, this.answerMs).catch(() => {});
    connecting.then((session) => session.destroy()).catch(() => {});
  }

  #begin(): Promise<PgSession> {
    this.#generation += 1;
    const connecting = this.#connect();
    this.#session = connecting;
    // One that could not be made is not asked again.
    connecting.catch(() => {
      if (this.#session === connecting) this.#session = undefined;
    });
    return connecting;
  }

  async #connect(): Promise<PgSession> {
    if (this.#isClosed) throw new Error('the store is closed');
    const session = await this.#connectInTime();
    session.onLost(() => this.#forget(session));
    try {
      // After a failover the same name may lead to another server.
      const asked = session.query('SELECT pg_is_in_recovery() AS standby');
      const { rows } = await inTime(asked, this.answerMs);
      if (rows[0]?.['standby'] === true) throw onStandby();
    } catch (error) {
      session.destroy();
      throw error;
    }
    return session;
  }

  /** The driver's own error has no code where it has waited in vain. */
  async #connectInTime(): Promise<PgSession> {
    const since = performance.now();
    try {
      return await this.driver.connect(this.url, this.answerMs);
    } catch (error) {
      const isLate = performance.now() - since > this.answerMs - TIMER_MS;
      throw isLate && codeOf(error) === undefined ? timedOut(this.answerMs) : error;
    }
  }

  #forget(lost: PgSession): void {
    const connecting = this.#session;
    connecting?.then(
      (session) => {
        if (session === lost && this.#session === connecting) this.#session = undefined;
      },
      () => {},
    );
  }

  /** A server that does not answer holds nobody up: its connection is given up. */
  async #within<T>(asked: Promise<T>, connecting: Promise<PgSession>): Promise<T> {
    try {
      return await inTime(asked, Math.min(this.answerMs, this.#until - performance.now()));
    } catch (error) {
      if (isStalled(error)) this.#stalled.add(connecting);
      const isOfServer = !isConnectionLost(error);
      if (!isOfServer && this.#session === connecting) this.drop();
      if (codeOf(error) !== undefined) throw error;
      // The driver's own error has no code: of statements that were under way on a connection that was given up.
      throw this.#stalled.has(connecting) ? timedOut(this.answerMs) : connectionLost(error);
    } finally {
      asked.catch(() => {});
    }
  }
}

/** A link as queries have it: refusals take the place of the server's errors. */
export function refusing(link: PgLink): Pick<PgLink, 'query'> {
  return {
    query: async (text, values) => {
      try {
        return await link.query(text, values);
      } catch (error) {
        throw asRefusal(error);
      }
    },
  };
}

/** @throws Error with the code `ETIMEDOUT` where it takes longer. */
export async function inTime<T>(asked: Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut(withinMs)), Math.max(0, withinMs));
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
