import type { PgDriver } from './pg-driver';
import { PgLink } from './pg-link';

const answering = {
  query: () => Promise.resolve({ rows: [{ one: 1 }] }),
  onLost: () => {},
  end: () => Promise.resolve(),
  destroy: () => {},
};

it.each(['53300', 'ECONNREFUSED', 'EPIPE'])(
  'a connection that could not be made (%s) is made again for the next statement',
  async (code) => {
    let tries = 0;
    const driver: PgDriver = {
      connect: () =>
        ++tries === 1
          ? Promise.reject(Object.assign(new Error('refused'), { code }))
          : Promise.resolve(answering),
    };
    const link = new PgLink(driver, 'postgres://localhost/ledger');
    await expect(link.query('SELECT 1')).rejects.toMatchObject({ code });
    expect(await link.query('SELECT 1')).toEqual([{ one: 1 }]);
  },
);

it('a statement of a transaction goes to no other connection', async () => {
  const link = new PgLink({ connect: () => Promise.resolve(answering) }, 'postgres://localhost/l');
  const within = link.generation;
  await link.query('BEGIN', undefined, within);
  link.drop();
  await expect(link.query('COMMIT', undefined, within)).rejects.toMatchObject({
    code: 'ECONNRESET',
  });
});

it('a server that does not answer is given up', async () => {
  const silent = { ...answering, query: () => new Promise<never>(() => {}) };
  const link = new PgLink({ connect: () => Promise.resolve(silent) }, 'postgres://localhost/l', 20);
  await expect(link.query('SELECT 1')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});

it('a connection that is not made in time is told as a server that does not answer, to each who waits for it', async () => {
  const driver: PgDriver = {
    // The driver's own error has no code.
    connect: (_url, withinMs) =>
      new Promise((_, reject) => setTimeout(() => reject(new Error('timeout expired')), withinMs)),
  };
  const link = new PgLink(driver, 'postgres://localhost/l', 50);
  const asked = [link.query('SELECT 1')];
  await new Promise((resolve) => setTimeout(resolve, 10));
  asked.push(link.query('SELECT 2'));
  const told = await Promise.allSettled(asked);
  expect(told).toMatchObject([
    { reason: { code: 'ETIMEDOUT' } },
    { reason: { code: 'ETIMEDOUT' } },
  ]);
});

it('a server that does not answer one statement is told to those behind it too', async () => {
  let destroy = (): void => {};
  const destroyed = new Promise<never>((_, reject) => {
    destroy = () => reject(new Error('Connection terminated unexpectedly'));
  });
  const silent = { ...answering, query: () => destroyed, destroy };
  let connections = 0;
  const standby = { rows: [{ standby: false }] };
  const driver: PgDriver = {
    async connect() {
      connections += 1;
      let asked = 0;
      return {
        ...silent,
        query: () => (asked++ === 0 ? Promise.resolve(standby) : destroyed),
      };
    },
  };
  const link = new PgLink(driver, 'postgres://localhost/l', 50);
  const first = link.query('SELECT 1');
  await new Promise((resolve) => setTimeout(resolve, 20));
  const told = await Promise.allSettled([first, link.query('SELECT 2')]);
  expect(told).toMatchObject([
    { reason: { code: 'ETIMEDOUT' } },
    { reason: { code: 'ETIMEDOUT' } },
  ]);
  expect(connections).toBe(1);
});
