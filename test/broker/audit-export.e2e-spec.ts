import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, MANAGEMENT_TOKEN, send } from '../support/broker-process';

const PAYMENT =
  'amount=1000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';

let vendor: StripeVendor;
let broker: BrokerProcess;
let folder: string;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerProcess.start({ vendor });
  folder = mkdtempSync(join(tmpdir(), 'vault-key-export-'));
});
afterAll(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command of the operator's against the broker. */
const operator = (...args: string[]) =>
  BrokerProcess.run({ vendor, args: [...args, '--url', broker.url] });
const ask = (method: string, path: string, body?: unknown) =>
  send(broker.url, method, path, {
    headers: {
      authorization: `Bearer ${MANAGEMENT_TOKEN}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

it('is written by a command, a segment a file, and each file proves itself', async () => {
  const key = await broker.issue();
  expect(
    (await broker.call(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT })).status,
  ).toBe(200);
  expect(await operator('audit', 'cut')).toMatchObject({
    code: 0,
    stdout: 'rows 1 to 2 are a segment now\n',
  });
  const exported = await operator('audit', 'export', folder);
  const file = join(folder, 'audit-1-2.ndjson');
  expect(exported).toMatchObject({ code: 0, stdout: `${file}\n`, stderr: '' });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const [first, issue, call, ...rest] = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(JSON.parse(first ?? '')).toMatchObject({ segment: { first: 1, last: 2 } });
  expect(JSON.parse(issue ?? '')).toMatchObject({ seq: 1, event: 'issue', key_id: key.id });
  expect(JSON.parse(call ?? '')).toMatchObject({ seq: 2, settled_micros: 10_000_000 });
  expect(rest).toEqual([]);
  expect(readFileSync(file, 'utf8')).not.toContain(key.token);

  const keyFile = `${broker.store.slice('sqlite:'.length)}.audit-key`;
  const check = (path: string) =>
    BrokerProcess.run({
      vendor,
      args: ['audit', 'check', path, '--audit-key', keyFile],
      env: { KEYBRAKE_TOKEN: '' },
    });
  expect(await check(file)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^2 rows hold\nhead [0-9a-f]{64}\n$/),
  });
  const forged = join(folder, 'forged.ndjson');
  writeFileSync(
    forged,
    readFileSync(file, 'utf8').replace('micros":10000000,', 'micros":10000001,'),
  );
  expect(await check(forged)).toMatchObject({
    code: 1,
    stdout: 'row 2 does not hold: row 2 is not what was written\n',
  });
  rmSync(forged);

  // What is exported is not exported again.
  expect(await operator('audit', 'export', folder)).toMatchObject({
    code: 0,
    stdout: 'every segment is exported already\n',
  });
  expect(readdirSync(folder)).toEqual(['audit-1-2.ndjson']);
  const listed = await operator('audit', 'segments');
  expect(listed.stdout).toMatch(/^FIRST +LAST +SEALED +EXPORTED +LEFT +HEAD\n +1 +2 +20\d\d-/);
});

it('is refused in one line where a folder is not there, and what was not written is not confirmed', async () => {
  await broker.issue();
  await operator('audit', 'cut');
  const refused = await operator('audit', 'export', join(folder, 'missing'));
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /^vault-key-broker audit: the segment up to row \d+ was not exported to \S+missing: ENOENT.*\n$/,
  );
  expect(await operator('audit', 'export', folder)).toMatchObject({ code: 0 });
  expect(readdirSync(folder).length).toBe(2);
});

it('says what is wrong with what was typed', async () => {
  for (const [args, message] of [
    [['export'], 'FOLDER is missing'],
    [['check'], 'FILE is missing'],
    [['check', 'x'], '--audit-key FILE is missing, and VAULT_KEY_AUDIT_KEY is not set'],
    [['segments', 'x'], 'x is one operand too many'],
    [['export', folder, '--from', '2026-11-23'], '--from does not go with audit export'],
    [['cut', '--user', 'u'], '--user does not go with audit cut'],
  ] as const) {
    const { code, stderr } = await operator('audit', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  }
});

describe('the management API of segments', () => {
  it('cuts, lists, streams and confirms', async () => {
    await broker.issue();
    const cut = await ask('POST', '/v1/audit/segments');
    expect(cut.status).toBe(201);
    const { last, head } = cut.body;
    const page = await ask('GET', '/v1/audit/segments?limit=1');
    expect(page.body.segments).toEqual([cut.body]);
    expect(page.body.cursor).toBe(String(last));
    const rows = await ask('GET', `/v1/audit/segments/${last}/rows`);
    expect(rows.headers['content-type']).toBe('application/x-ndjson');
    expect(JSON.parse(rows.text.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ mac: head });
    const confirmed = await ask('POST', `/v1/audit/segments/${last}/confirm`, { head });
    expect(confirmed.body).toEqual({ ...cut.body, exported_at: expect.any(String) });
  });

  it('refuses what does not hold, field by field', async () => {
    const [segment] = (await ask('GET', '/v1/audit/segments')).body.segments;
    const confirm = `/v1/audit/segments/${segment.last}/confirm`;
    for (const [body, message] of [
      [{}, 'must be the head of the segment'],
      [{ head: '0'.repeat(64) }, 'is not the head of this segment'],
      [{ head: segment.head, more: 1 }, 'is no field of this call'],
    ] as const) {
      const refused = await ask('POST', confirm, body);
      expect([refused.status, refused.text]).toEqual([422, expect.stringContaining(message)]);
    }
    expect((await ask('GET', '/v1/audit/segments/999999/rows')).status).toBe(404);
    expect(
      (await ask('POST', '/v1/audit/segments/999999/confirm', { head: segment.head })).status,
    ).toBe(404);
    expect((await ask('GET', '/v1/audit/segments?order=1')).status).toBe(422);
  });
});
