import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAccounts } from './account';
import { readSecrets } from './secrets';

const folder = mkdtempSync(join(tmpdir(), 'vault-key-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The secrets of an account, or what is wrong with it. */
function secretsOf(options: Record<string, unknown>) {
  const faults: string[] = [];
  const secrets = readSecrets(options, 'vendors.a', (path, message) =>
    faults.push(`${path} ${message}`),
  );
  return faults.length > 0 ? faults : secrets;
}

describe("an account's secrets", () => {
  it('are one, or two of which the next one sends first', () => {
    expect(secretsOf({ secretKey: 'sk_1' })).toEqual(['sk_1']);
    expect(secretsOf({ secretKey: 'sk_1', nextSecretKey: 'sk_2' })).toEqual(['sk_2', 'sk_1']);
    for (const nextSecretKey of ['', undefined, 'sk_1']) {
      expect(secretsOf({ secretKey: 'sk_1', nextSecretKey })).toEqual(['sk_1']);
    }
  });

  it('come from files, with a line break at the end or without', () => {
    const secretKeyFile = file('lf', 'sk_1\n');
    const nextSecretKeyFile = file('crlf', 'sk_2\r\n');
    expect(secretsOf({ secretKeyFile, nextSecretKeyFile })).toEqual(['sk_2', 'sk_1']);
    expect(secretsOf({ secretKeyFile: file('bare', 'sk_3') })).toEqual(['sk_3']);
    expect(secretsOf({ secretKeyFile, nextSecretKeyFile: file('empty', '\n') })).toEqual(['sk_1']);
  });

  it.each<[string, () => Record<string, unknown>, RegExp]>([
    ['none', () => ({}), /^vendors\.a\.secretKey is missing/],
    ['only the next', () => ({ nextSecretKey: 'sk_2' }), /^vendors\.a\.secretKey is missing/],
    [
      'a blank at the end',
      () => ({ secretKey: 'sk_1 ' }),
      /^vendors\.a\.secretKey must be printable/,
    ],
    ['a line break', () => ({ secretKey: 'sk_1\n' }), /^vendors\.a\.secretKey must be printable/],
    ['no text', () => ({ secretKey: 5 }), /^vendors\.a\.secretKey must be printable/],
    [
      'a bad next',
      () => ({ secretKey: 's', nextSecretKey: 'ü' }),
      /^vendors\.a\.nextSecretKey must/,
    ],
    [
      'both',
      () => ({ secretKey: 's', secretKeyFile: file('both', 's') }),
      /^vendors\.a\.secretKeyFile is given beside secretKey/,
    ],
    [
      'a file that is not there',
      () => ({ secretKeyFile: join(folder, 'none') }),
      /^vendors\.a\.secretKeyFile names a file that cannot be read \(ENOENT\)$/,
    ],
    ['a folder', () => ({ secretKeyFile: folder }), /cannot be read \(EISDIR\)$/],
    ['an empty file', () => ({ secretKeyFile: file('nothing', '') }), /secretKeyFile is empty/],
    [
      'two line breaks',
      () => ({ secretKeyFile: file('two', 'sk_1\n\n') }),
      /^vendors\.a\.secretKeyFile names a file with a secret that is not valid: it must be printable/,
    ],
    ['a blank in a file', () => ({ secretKeyFile: file('blank', 'sk_1 \n') }), /must be printable/],
    ['no name of a file', () => ({ secretKeyFile: '' }), /must be the name of a file/],
    [
      'a secret in the place of the name, which is not shown',
      () => ({ secretKeyFile: 'rk_live_51NotAFile' }),
      /^(?!.*rk_live).* cannot be read \(ENOENT\)$/,
    ],
  ])('are refused: %s', (_what, options, fault) => {
    expect(secretsOf(options())).toEqual([expect.stringMatching(fault)]);
  });
});

it('all faults of all accounts are told at once, and none shows a secret', () => {
  const faults: string[] = [];
  const accounts = readAccounts(
    {
      stripe: { secretKey: 'sk_live_0815 ', nextSecretKeyFile: join(folder, 'none') },
      'stripe-acme': { secretKey: 'sk_live_0815', kind: 'strype', rate: {} },
      'stripe-good': { kind: 'stripe', secretKey: 'sk_live_0815' },
    },
    (path, message) => faults.push(`${path} ${message}`),
  );
  expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
    'vendors.stripe.secretKey',
    'vendors.stripe.nextSecretKeyFile',
    'vendors.stripe-acme.rate',
    'vendors.stripe-acme.kind',
  ]);
  expect(faults.join()).not.toContain('0815');
  expect([...accounts.keys()]).toEqual(['stripe-good']);
});
