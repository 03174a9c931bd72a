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
