import { Broker } from '../broker';
import { hashToken } from '../keys/token';
import { newOperatorToken } from './operator-token';

const VENDORS = { stripe: { secretKey: 'sk_test_x' } };
const hash = () => hashToken(newOperatorToken());

/** What a broker says of operators, each fault by its path. */
async function faultsOf(operators: unknown): Promise<[path: string, message: string][]> {
  const opened = Broker.open({
    store: 'sqlite::memory:',
    vendors: VENDORS,
    operators: operators as [],
  });
  const broker = await opened.catch((error: unknown) => error);
  if (broker instanceof Broker) {
    await broker.close();
    return [];
  }
  const { faults } = broker as { faults: { path: string; message: string }[] };
  return faults.map(({ path, message }) => [path, message]);
}

describe('operators in the options', () => {
  it('are any number of names, each with a role and one or two hashes', async () => {
    expect(await faultsOf([])).toEqual([]);
    expect(
      await faultsOf([
        { name: 'Ann Müller', role: 'admin', tokenHashes: [hash(), hash()] },
        { name: 'bob', role: 'operator', tokenHashes: [hash()] },
        { name: 'Bob', role: 'viewer', tokenHashes: [hash()] },
      ]),
    ).toEqual([]);
  });

  it('have all their faults told at once, each with its path', async () => {
    const one = hash();
    const found = await faultsOf([
      'ann',
      { name: '', role: 'root', tokenHashes: [] },
      { name: 'ann', role: 'admin', tokenHashes: [one, hash(), hash()] },
      { name: 'bob', role: 'admin', tokenHashes: [one, one.toUpperCase()], token: 'x' },
      { name: 'bob', role: 'viewer', tokenHashes: [one] },
      { name: 'app', role: 'viewer', tokenHashes: one },
      { name: ' carl', tokenHashes: [7] },
    ]);
    expect(found.map(([path]) => path)).toEqual([
      'operators[0]',
      'operators[1].name',
      'operators[1].role',
      'operators[1].tokenHashes',
      'operators[2].tokenHashes',
      'operators[3].token',
      'operators[3].tokenHashes[1]',
      'operators[4].name',
      'operators[4].tokenHashes[0]',
      'operators[5].name',
      'operators[5].tokenHashes',
      'operators[6].name',
      'operators[6].role',
      'operators[6].tokenHashes[0]',
    ]);
    expect(await faultsOf({ ann: {} })).toEqual([['operators', 'must be an array of operators']]);
  });

  it('show no token that was put in the place of a hash or a name, and no hash', async () => {
    const [token, name, twice] = [newOperatorToken(), newOperatorToken(), hash()];
    const found = await faultsOf([
      { name, role: 'admin', tokenHashes: [token] },
      { name: 'bob', role: 'admin', tokenHashes: [twice, twice] },
    ]);
    expect(found.map(([path]) => path)).toEqual([
      'operators[0].name',
      'operators[0].tokenHashes[0]',
      'operators[1].tokenHashes[1]',
    ]);
    for (const secret of [token, name, twice]) expect(JSON.stringify(found)).not.toContain(secret);
  });
});

describe('a broker whose operators are read again', () => {
  it('keeps them where they are not given, and drops them for an empty list', async () => {
    const token = newOperatorToken();
    const operators = [{ name: 'ann', role: 'viewer', tokenHashes: [hashToken(token)] } as const];
    const broker = await Broker.open({ store: 'sqlite::memory:', vendors: VENDORS, operators });
    broker.reload({ vendors: VENDORS });
    expect(broker.operators.byToken(token)).toEqual({ name: 'ann', role: 'viewer', isApp: false });
    expect(broker.operators.app()).toMatchObject({ role: 'viewer', isApp: true });
    expect(() => broker.reload({ vendors: VENDORS, operators: [{}] as never })).toThrow(
      'operators[0].name must be a string',
    );
    expect(broker.operators.byToken(token)).toBeDefined();
    broker.reload({ vendors: VENDORS, operators: [] });
    expect(broker.operators.byToken(token)).toBeUndefined();
    expect(broker.operators.app()).toMatchObject({ role: 'admin', isApp: true });
    await broker.close();
  });
});
