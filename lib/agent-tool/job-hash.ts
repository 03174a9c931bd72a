import type { QueueJob } from './queue-job';

interface HashClient {
  hmget(key: string, ...fields: string[]): Promise<readonly unknown[]>;
  hset(key: string, fields: Record<string, string>): Promise<unknown>;
}

/** What is written down in the job itself, where its queue is kept in Redis. */
export interface JobHash {
  /** `undefined` for each field that is not there. */
  read(...fields: string[]): Promise<(string | undefined)[]>;
  write(fields: Record<string, string>): Promise<void>;
}

/** @returns `undefined` where the job is kept otherwise, or cannot be reached. */
export async function hashOf({ id, toKey, queue }: QueueJob): Promise<JobHash | undefined> {
  if (id === undefined || toKey === undefined) return undefined;
  const client = (await (queue?.backend ?? queue)?.client) as Partial<HashClient> | undefined;
  if (typeof client?.hmget !== 'function' || typeof client.hset !== 'function') return undefined;
  const { hmget, hset } = client as HashClient;
  const key = toKey(id);
  return {
    async read(...fields) {
      const values = await hmget.call(client, key, ...fields);
      return values.map((value) => (typeof value === 'string' ? value : undefined));
    },
    async write(fields) {
      await hset.call(client, key, fields);
    },
  };
}
