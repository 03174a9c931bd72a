import { inspect } from 'node:util';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { SpendCapExceededException } from '../exceptions/spend-cap-exceeded.exception';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { VendorException } from '../exceptions/vendor.exception';
import { VendorOutcomeUnknownException } from '../exceptions/vendor-outcome-unknown.exception';
import { callsOf, refuseLateRetry } from './job-attempts';
import { jobError } from './job-errors';
import { identityOf, jobIn } from './queue-job';
import type { QueueJob } from './queue-job';

const HOUR_MS = 3_600_000;
const POST = { method: 'POST', path: '/v1/charges', body: 'amount=100' };

function jobOf(more: Partial<QueueJob> = {}): QueueJob {
  return {
    id: '7',
    queueName: 'charges',
    data: {},
    timestamp: Date.now(),
    attemptsMade: 0,
    attemptsStarted: 1,
    stacktrace: [],
    updateProgress: () => undefined,
    ...more,
  };
}

/** A queue kept in Redis, as BullMQ 6 (or 5) shows it to a job: what is in the job's hash. */
function storedIn(hash: Map<string, string>, version: 5 | 6 = 6): Partial<QueueJob> {
  const client = {
    hmget: async (_key: string, ...fields: string[]) =>
      fields.map((field) => hash.get(field) ?? null),
    hset: async (_key: string, fields: Record<string, string>) => {
      for (const [field, value] of Object.entries(fields)) hash.set(field, value);
    },
  };
  return {
    toKey: (id) => `bull:charges:${id}`,
    queue:
      version === 5
        ? { client: Promise.resolve(client) }
        : { backend: { client: Promise.resolve(client) } },
  };
}

describe('jobIn', () => {
  it('knows a job by its shape, fields of its prototype included', () => {
    class Job {
      readonly data = {};
      readonly timestamp = 1;
      readonly attemptsMade = 0;
      get queueName(): string {
        return 'charges';
      }
      updateProgress(): void {}
    }
    const job = new Job();
    expect(jobIn([job, 'token'])).toBe(job);
  });

  it('takes no message for one that was written to look like it', () => {
    expect(jobIn([JSON.parse(JSON.stringify(jobOf({ data: { userId: 'ada' } })))])).toBeUndefined();
  });

  it.each([
    [[]],
    [[null]],
    [['job']],
    [[jobOf({ queueName: undefined })]],
    [[jobOf({ timestamp: undefined })]],
    [[jobOf({ attemptsMade: undefined })]],
    [[{ ...jobOf(), queueName: 7 }]],
    [['token', jobOf()]],
  ])('takes nothing else for one: %p', (args) => {
    expect(jobIn(args)).toBeUndefined();
  });
});

describe('on whose behalf a job works', () => {
  it.each([
    [undefined],
    [null],
    ['text'],
    [7],
    [[]],
    [{ amount: 1 }],
    [{ userId: null, runId: undefined }],
  ])('with data that says nothing of it (%p): for anon, in an agent run of its own', (data) => {
    expect(identityOf(jobOf({ data }))).toEqual({ userId: 'anon', runId: 'charges:7' });
  });

  it('what its data says', () => {
    const data = { userId: 42, runId: 'run-1', tenantId: 'acme', tool: 'pay' };
    expect(identityOf(jobOf({ data }))).toEqual({
      userId: '42',
      runId: 'run-1',
      tenantId: 'acme',
    });
  });

  it.each([
    ['userId', { userId: '  ' }],
    ['userId', { userId: { id: 'ada' } }],
    ['runId', { runId: 'no run/id' }],
    ['runId', { runId: 7 }],
    ['tenantId', { tenantId: 1.5 }],
  ])('data whose %s is invalid is refused by its name: %p', (field, data) => {
    let error: unknown;
    try {
      identityOf(jobOf({ data }));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CallRefusedException);
    expect(error).toMatchObject({ code: 'invalid_identity', retryable: false });
    expect((error as Error).message).toContain(`${field} must be`);
    expect((error as Error).message).toContain('job charges:7');
  });

  it('a name that no agent run can have is replaced by its hash, and two names by two', () => {
    const runs = [
      { queueName: 'Zahlung & Co' },
      { queueName: 'charges', id: 'ord/er' },
      { queueName: 'charges', id: 'x'.repeat(200) },
      { queueName: 'charges', id: '\ud800' },
      { queueName: 'charges', id: '\udbff' },
      { queueName: 'charges', id: '' },
    ].map((name) => identityOf(jobOf(name)).runId);
    for (const run of runs) expect(run).toMatch(/^[A-Za-z0-9_.:-]{1,128}$/);
    expect(new Set(runs).size).toBe(runs.length);
  });
});

describe("a job's vendor calls", () => {
  it('are numbered on through all methods that are called with it', () => {
    const job = jobOf();
    expect(callsOf(job).keyFor(POST)).toMatch(/^charges:7:[0-9a-f]{32}:1$/);
    expect(callsOf(job).keyFor(POST)).toMatch(/:2$/);
  });

  it('have the same keys in its next attempt', () => {
    const job = jobOf();
    const retry = jobOf({ timestamp: job.timestamp, attemptsMade: 1, attemptsStarted: 2 });
    expect(callsOf(retry).keyFor(POST)).toBe(callsOf(job).keyFor(POST));
  });

  it('have other keys under an id that the queue counted out twice, and under another prefix', () => {
    const keys = [
      jobOf({ timestamp: 1 }),
      jobOf({ timestamp: 2 }),
      jobOf({ timestamp: 1, queueQualifiedName: 'staging:charges' }),
    ].map((job) => callsOf(job).keyFor(POST));
    expect(new Set(keys).size).toBe(3);
  });

  it('have the same keys under an id that the application gives again', () => {
    const [first, again] = [1, 2].map((timestamp) =>
      callsOf(jobOf({ id: 'order-9', timestamp })).keyFor(POST),
    );
    expect(again).toBe(first);
  });
});

describe('a retry', () => {
  it.each([5, 6] as const)(
    'is told from the first attempt by what that wrote into the job (BullMQ %d)',
    async (version) => {
      const hash = new Map([['timestamp', '1']]);
      const queued = storedIn(hash, version);
      const began = Date.now();
      await refuseLateRetry(jobOf({ ...queued, timestamp: 1 }));
      const noted = Number(hash.get('vault-key:first-attempt'));
      expect([noted >= began, noted <= Date.now()]).toEqual([true, true]);
      await refuseLateRetry(jobOf({ ...queued, timestamp: 1, attemptsMade: 1 }));

      hash.set('vault-key:first-attempt', String(Date.now() - 24 * HOUR_MS));
      // One that was reset to look like a first attempt, too.
      for (const attemptsMade of [0, 1]) {
        await expect(refuseLateRetry(jobOf({ ...queued, attemptsMade }))).rejects.toMatchObject({
          code: 'retry_too_late',
          retryable: false,
          message: expect.stringContaining('job charges:7'),
        });
      }
    },
  );

  it('is let through up to 23 hours after the first attempt', async () => {
    const hash = new Map([['timestamp', '1']]);
    hash.set('vault-key:first-attempt', String(Date.now() - 22.9 * HOUR_MS));
    await expect(
      refuseLateRetry(jobOf({ ...storedIn(hash), attemptsMade: 3 })),
    ).resolves.toBeUndefined();
  });

  it.each([
    ['attemptsMade', { attemptsMade: 1 }],
    ['attemptsStarted', { attemptsStarted: 2 }],
    ['stalledCounter', { stalledCounter: 1 }],
    ['stacktrace', { stacktrace: ['Error'] }],
  ])(
    'of a queue that is not kept in Redis (told by %s) counts from when the job was added',
    async (_field, more) => {
      const timestamp = Date.now() - 24 * HOUR_MS;
      await expect(refuseLateRetry(jobOf({ timestamp }))).resolves.toBeUndefined();
      await expect(refuseLateRetry(jobOf({ timestamp, ...more }))).rejects.toMatchObject({
        code: 'retry_too_late',
      });
    },
  );

  it.each([
    ['fails', { hmget: () => Promise.reject(new Error('no Redis')), hset: () => 1 }],
    ['cannot read hashes', { get: () => 1 }],
    ['holds what is no time', { hmget: async () => ['1', 'soon'], hset: () => 1 }],
  ])('counts from when the job was added where its client %s', async (_what, client) => {
    const queued = { toKey: String, queue: { backend: { client } }, attemptsMade: 1 };
    const late = jobOf({ ...queued, timestamp: Date.now() - 24 * HOUR_MS });
    await expect(refuseLateRetry(late)).rejects.toMatchObject({ code: 'retry_too_late' });
    await expect(refuseLateRetry(jobOf(queued))).resolves.toBeUndefined();
  });

  it('writes nothing into a job that has been removed', async () => {
    const hash = new Map<string, string>();
    await refuseLateRetry(jobOf(storedIn(hash)));
    expect(hash.size).toBe(0);
  });

  it('is no attempt that takes a day', async () => {
    const hash = new Map([['timestamp', '1']]);
    const job = jobOf(storedIn(hash));
    await refuseLateRetry(job);
    hash.set('vault-key:first-attempt', '1');
    await expect(refuseLateRetry(job)).resolves.toBeUndefined();
  });
});

describe('what a failed job throws', () => {
  const refusal = new SpendCapExceededException({ cap: 15, spent: 10, remaining: 5 });

  it('for a refusal that a retry does not help is unrecoverable, and says why and where', () => {
    const error = jobError(refusal) as Error;
    expect(error).toMatchObject({ name: 'UnrecoverableError', message: refusal.message });
    expect(error.cause).toBe(refusal);
    expect(error.stack).toContain('UnrecoverableError: SpendCapExceededException');
    expect(error.stack).toContain('queue-job.spec');
    expect(VaultKeyException.from(error)).toBe(refusal);
    expect(inspect(error)).toContain('UnrecoverableError');
  });

  it.each([
    new VaultKeyUnavailableException({ message: 'No key today.' }),
    new VendorOutcomeUnknownException({ happened: 'no answer came', idempotencyKey: 'k' }),
    new VendorException({
      vendor: 'stripe',
      vendorStatus: 409,
      vendorCode: 'idempotency_key_in_use',
    }),
    new VaultKeyMissingException({ reason: 'shut_down' }),
    new RangeError('its own'),
    'text',
    undefined,
  ])('is left as it is otherwise: %p', (error) => {
    expect(jobError(error)).toBe(error);
  });

  it('for a call with an unknown outcome, and that no key makes repeatable, is unrecoverable', () => {
    const unknown = new VendorOutcomeUnknownException({ happened: 'no answer came' });
    expect(jobError(unknown)).toMatchObject({ name: 'UnrecoverableError', cause: unknown });
  });
});
