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

/** What is used of the package `pg`. */
interface PgClient {
  connect(): Promise<unknown>;
  query(text: string, values?: unknown[]): Promise<{ rows: Readonly<Record<string, unknown>>[] }>;
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  end(): Promise<void>;
  connection: { stream: { destroy(): void } };
}

interface PgModule {
  Client: new (settings: Record<string, unknown>) => PgClient;
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
      let lost = (): void => {};
      client.on('error', () => lost());
      client.on('end', () => lost());
      await client.connect();
      return {
        query: (text, values) => client.query(text, values),
        onLost: (callback) => (lost = callback),
        end: () => client.end(),
        destroy: () => client.connection.stream.destroy(),
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
