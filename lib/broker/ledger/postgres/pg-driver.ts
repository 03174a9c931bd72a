/** One session with the server. */
export interface PgSession {
  query(text: string, values?: unknown[]): Promise<{ rows: Readonly<Record<string, unknown>>[] }>;
  /** Called once, where the connection ends by itself. */
  onLost(callback: () => void): void;
  end(): Promise<void>;
  destroy(): void;
}

/** What talks to the server. */
export interface PgDriver {
  connect(url: string, withinMs: number): Promise<PgSession>;
}

/** The driver is not installed. It says nothing of any store. */
export class PgDriverError extends Error {
  constructor(cause: unknown) {
    super(
      `A store in PostgreSQL needs the package pg, which could not be loaded (${(cause as Error).message}). Run npm install pg.`,
      { cause },
    );
    this.name = 'PgDriverError';
  }
}

/** A statement, and how the texts of its answer are read. */
export interface PgStatement {
  text: string;
  values?: unknown[];
  types: { getTypeParser(oid: number, format?: string): (value: string) => unknown };
}

/** What is used of a client of the package `pg`. */
export interface PgClient {
  query(statement: PgStatement): Promise<{ rows: Readonly<Record<string, unknown>>[] }>;
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  removeListener(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  /** Whether a statement may be sent before the answer to the one before it. */
  readonly pipeline?: boolean;
  readonly connection?: {
    readonly stream: { destroy(): void; cork?(): void; uncork?(): void };
  };
}

interface OwnClient extends PgClient {
  connect(): Promise<unknown>;
  end(): Promise<void>;
}

interface PgModule {
  Client: new (settings: Record<string, unknown>) => OwnClient;
}

/** What is read otherwise than as text, by the number of its type, whatever an application has set for its own. */
const READERS: ReadonlyMap<number, (value: string) => unknown> = new Map([
  [16, (value: string): unknown => value === 't'],
  ...[21, 23].map((oid) => [oid, Number] as const),
  ...[114, 3802].map((oid) => [oid, (value: string): unknown => JSON.parse(value)] as const),
]);
const TYPES: PgStatement['types'] = {
  getTypeParser: (oid) => READERS.get(oid) ?? ((value) => value),
};

/** A session on a client that is connected. */
export function sessionOn(client: PgClient) {
  let lost = (): void => {};
  const onLost = (): void => lost();
  let open = 0;
  let isWithin = false;
  let last: Promise<unknown> = Promise.resolve();
  client.on('error', onLost);
  client.on('end', onLost);
  let isGathering = false;
  /** What is asked for at the same time leaves in one write. */
  const gather = (): void => {
    const stream = client.connection?.stream;
    if (isGathering || stream === undefined) return;
    isGathering = true;
    stream.cork?.();
    queueMicrotask(() => {
      isGathering = false;
      stream.uncork?.();
    });
  };
  const ask = async (text: string, values?: unknown[]) => {
    if (text.startsWith('BEGIN')) isWithin = true;
    gather();
    const answer = await client.query({ text, ...(values && { values }), types: TYPES });
    if (text === 'COMMIT' || text === 'ROLLBACK') isWithin = false;
    return answer;
  };
  return {
    query(text: string, values?: unknown[]) {
      open += 1;
      // Where it cannot be sent before, it waits here: a client's own queue is deprecated.
      const answer =
        client.pipeline === true ? ask(text, values) : last.then(() => ask(text, values));
      last = answer.then(
        () => (open -= 1),
        () => (open -= 1),
      );
      return answer;
    },
    onLost: (callback: () => void) => void (lost = callback),
    /** Whether it is outside of a transaction, with nothing under way. */
    isIdle: () => open === 0 && !isWithin,
    /** Hears nothing more of the client. */
    leave(): void {
      client.removeListener('error', onLost);
      client.removeListener('end', onLost);
    },
  };
}

/** @throws PgDriverError where the package `pg` is not installed. */
export function loadPgDriver(): PgDriver {
  const { Client } = loadPg();
  return {
    async connect(url, withinMs) {
      const client = new Client({
        connectionString: url,
        connectionTimeoutMillis: withinMs,
        application_name: 'nestjs-vault-key',
        keepAlive: true,
        // Known from 8.23 on: what is sent behind another statement does not wait for its answer.
        pipeline: true,
      });
      const session = sessionOn(client);
      await client.connect();
      return {
        ...session,
        end: () => client.end(),
        destroy: () => client.connection?.stream.destroy(),
      };
    },
  };
}

function loadPg(): PgModule {
  try {
    // A plain require of a plain name: bundlers see it, and have no file name to give.
    return require('pg') as PgModule;
  } catch (error) {
    throw new PgDriverError(error);
  }
}
