import { connectionLost, isConnectionLost, timedOut } from './pg-errors';
import type { PgDriver, PgSession } from './pg-driver';

/** How long the server may take to answer a statement, or to take a connection. */
const ANSWER_MS = 5_000;

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
  /** Grows with each connection. */
  #generation = 0;
  #isClosed = false;

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

  /**
   * @param within The connection that has the transaction of the statement: on another one it would be outside.
   * @throws Error with a `code`: SQLSTATE, that of a lost connection, or `ETIMEDOUT`.
   */
  async query(text: string, values?: PgValues, within?: number): Promise<readonly PgRow[]> {
    if (within !== undefined && (this.#session === undefined || within !== this.#generation)) {
      throw connectionLost();
    }
    const connecting = this.#session ?? this.#begin();
    const session = await this.#within(connecting, connecting);
    const { rows } = await this.#within(session.query(text, values && [...values]), connecting);
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
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.answerMs)));
    await Promise.race([connecting.then((session) => session.end()).catch(() => {}), late]);
    clearTimeout(timer);
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
    const session = await this.driver.connect(this.url, this.answerMs);
    session.onLost(() => this.#forget(session));
    return session;
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
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(timedOut(this.answerMs)), this.answerMs);
    });
    try {
      return await Promise.race([asked, late]);
    } catch (error) {
      const isOfServer = !isConnectionLost(error);
      if (!isOfServer && this.#session === connecting) this.drop();
      throw error;
    } finally {
      clearTimeout(timer);
      asked.catch(() => {});
    }
  }
}
