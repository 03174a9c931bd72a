import { BrokerProcess, send } from '../support/broker-process';
import { exchangeRaw, rawRequest, readRaw } from './raw-socket';

const ISSUE = {
  label: 'nest-u1-r1',
  vendor: 'stripe',
  daily_usd_cap: 500,
  allowed_endpoints: ['/v1/payment_intents', '/v1/payment_intents/*'],
};

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await BrokerProcess.start();
});

/** The names of the bad fields in a 422. */
async function badFields(change: Record<string, unknown>): Promise<string[]> {
  const answer = await broker.api('POST', '/v1/keys', { ...ISSUE, ...change });
  if (answer.status === 201) return [];
  expect(answer.status).toBe(422);
  expect(answer.body.code).toBe('invalid_request');
  expect(answer.body.error).toMatchObject({ type: 'vault_key_error', code: 'invalid_request' });
  expect(answer.body.error.fields).toEqual(answer.body.fields);
  return (answer.body.fields as { field: string }[]).map(({ field }) => field);
}

describe('POST /v1/keys', () => {
  it('answers 201 with the key, its token once, and lets nobody store it', async () => {
    const answer = await broker.api('POST', '/v1/keys', {
      ...ISSUE,
      subject: { user_id: 'u1', run_id: 'r1' },
      expires_in: '10m',
      colour: 'unknown fields are ignored',
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({
      ...ISSUE,
      id: expect.stringMatching(/^vk_[0-9A-Za-z]{22}$/),
      token: expect.stringMatching(/^vault_key_[0-9A-Za-z]{34}$/),
      subject: { user_id: 'u1', run_id: 'r1' },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      expires_at: expect.any(String),
    });
    const { created_at, expires_at } = answer.body;
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(600_000);
  });

  it('lets a key live 5 minutes where nothing else is asked', async () => {
    const { body } = await broker.api('POST', '/v1/keys', ISSUE);
    expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(300_000);
  });

  it.each([
    [
      'label',
      [
        undefined,
        null,
        '',
        '  ',
        '\u3000',
        7,
        ['a'],
        'a\nb',
        'a\u0000',
        '\u2028',
        'a\u202eb',
        'a\u2067',
        '\ud800',
        'x'.repeat(201),
      ],
    ],
    [
      'vendor',
      [
        undefined,
        null,
        '',
        'Stripe',
        'stripe ',
        'v1',
        'twilio',
        ['stripe'],
        '__proto__',
        'constructor',
      ],
    ],
    [
      'daily_usd_cap',
      [undefined, null, '500', [500], true, {}, -1, -0.01, 0.001, 1e-7, 1_000_000.01, 1e21, 12.345],
    ],
    ['allowed_endpoints', [undefined, null, '/v1/charges', [], {}, Array(101).fill('/v1/charges')]],
    [
      'expires_in',
      [
        null,
        '',
        5,
        300,
        '5',
        '05m',
        '0s',
        '1.5h',
        '5 m',
        '5M',
        '1d',
        '25h',
        '1441m',
        '86401s',
        '-5m',
        '+5m',
        '5m\n',
        '٥m',
      ],
    ],
    ['subject', [null, 'u1', ['u1'], 7]],
    ['parent_id', [null, 7, {}, '', 'vk_0000000000000000000000']],
    ['budgets', [null, 5, [], 'user']],
    ['lease_id', [null, 7, '', 'lease_0000000000000000000000']],
  ] as [string, unknown[]][])('takes no bad %s', async (field, values) => {
    for (const value of values) {
      expect([value, await badFields({ [field]: value })]).toEqual([value, [field]]);
    }
  });

  it.each([
    ['label', ['a', 'x'.repeat(200), 'Jürgen’s 🛒']],
    ['daily_usd_cap', [0, 0.01, 0.1, 12.34, 1_000_000, 1e2]],
    ['expires_in', ['1s', '86400s', '1440m', '24h', undefined]],
    ['subject', [{}, { tenant_id: 't', user_id: 'u'.repeat(128), run_id: 'r', tool: 'T.x' }]],
    ['budgets', [{}, { tenant: 0, user: 0.01, run: 50, tool: 1_000_000 }]],
    [
      'allowed_endpoints',
      [
        Array(100).fill('/v1/charges'),
        [`/v1/${'a'.repeat(508)}`],
        ['GET /v1/x', 'DELETE /v1/customers/*', '/v1/*/x'],
      ],
    ],
  ] as [string, unknown[]][])('takes every good %s', async (field, values) => {
    for (const value of values) {
      expect([value, await badFields({ [field]: value })]).toEqual([value, []]);
    }
  });

  it.each([
    '/v1',
    '/v1/',
    '/',
    '',
    '/charges',
    '/v2/charges',
    'v1/charges',
    '/v1//charges',
    '/v1/charges/',
    '/v1/**',
    '/v1/ch*',
    '/v1/:id',
    '/v1/(a|b)',
    '/v1/a?b',
    '/v1/a#b',
    '/v1/%61',
    '/v1/..',
    '/v1/.',
    '/v1/a.',
    '/v1/a/../b',
    '/v1/{id}',
    'post /v1/charges',
    'POST  /v1/charges',
    ' /v1/charges',
    '/v1/charges ',
    'TRACE /v1/charges',
    '/v1/é',
    `/v1/${'a'.repeat(509)}`,
    '*',
    '/*/charges',
    null,
    7,
    ['/v1/charges'],
  ])('takes no pattern %p', async (pattern) => {
    expect(await badFields({ allowed_endpoints: ['/v1/charges', pattern] })).toEqual([
      'allowed_endpoints[1]',
    ]);
  });

  it.each(['tenant_id', 'user_id', 'run_id', 'tool'])('takes no bad subject.%s', async (field) => {
    for (const value of [null, '', ' ', 7, 'a\u202eb', 'x'.repeat(129), '\udfff']) {
      expect(await badFields({ subject: { [field]: value } })).toEqual([`subject.${field}`]);
    }
  });

  it.each(['tenant', 'user', 'run', 'tool'])('takes no bad budgets.%s', async (scope) => {
    for (const value of [null, '5', true, -0.01, 0.001, 1_000_000.01]) {
      expect(await badFields({ budgets: { [scope]: value } })).toEqual([`budgets.${scope}`]);
    }
    expect(await badFields({ budgets: { [scope]: [5] } })).toEqual([`budgets.${scope}[0]`]);
  });

  it('names every bad field at once, an unknown parent too', async () => {
    const fields = await badFields({
      label: '',
      vendor: 'nope',
      daily_usd_cap: '500',
      allowed_endpoints: ['/v1/**', '/v1/ok', 7],
      expires_in: null,
      subject: { user_id: '', tool: 7 },
      parent_id: 'vk_unknown',
      lease_id: 'lease_unknown',
      budgets: { user: -1, tool: '5' },
    });
    expect(fields.sort()).toEqual(
      [
        'label',
        'vendor',
        'daily_usd_cap',
        'allowed_endpoints[0]',
        'allowed_endpoints[2]',
        'expires_in',
        'subject.user_id',
        'subject.tool',
        'parent_id',
        'lease_id',
        'budgets.user',
        'budgets.tool',
      ].sort(),
    );
  });

  it('takes no body that is no object', async () => {
    for (const body of [null, [], 'x', 7, true]) {
      expect((await broker.api('POST', '/v1/keys', body)).status).toBe(422);
    }
  });

  it('takes no revoked or expired key as parent', async () => {
    const parent = await broker.issue();
    expect(await badFields({ parent_id: parent.id })).toEqual([]);
    await broker.api('DELETE', `/v1/keys/${parent.id}`);
    expect(await badFields({ parent_id: parent.id })).toEqual(['parent_id']);
  });

  it('takes no chain of more than 16 parents', async () => {
    let parent = await broker.issue();
    for (let i = 1; i < 16; i++) parent = await broker.issue({ parent_id: parent.id });
    const last = await broker.issue({ parent_id: parent.id });
    expect(await badFields({ parent_id: last.id })).toEqual(['parent_id']);
  });
});

describe('every management call', () => {
  const post = (headers: Record<string, string>, body: string | Buffer) =>
    send(broker.url, 'POST', '/v1/keys', { headers, body });
  const bearer = () => ({ authorization: `Bearer ${broker.token}` });

  it('authenticates before it validates, and before it says what is there', async () => {
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      'Bearer nope',
      `Basic ${broker.token}`,
      `Bearer ${broker.token}x`,
      broker.token,
    ]) {
      const answer = await post({ authorization }, '{"label":');
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.body.code).toBe('unauthorized');
    }
    for (const [method, path] of [
      ['GET', '/v1/keys'],
      ['GET', '/v1/nothing'],
      ['PATCH', '/v1/keys'],
      ['DELETE', '/v1/keys/vk_1'],
      ['POST', '/v1/keys/revoke'],
    ] as const) {
      expect((await send(broker.url, method, path)).status).toBe(401);
    }
  });

  it('takes no vault key for its token', async () => {
    const { token } = await broker.issue();
    const answer = await send(broker.url, 'GET', '/v1/keys', {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(401);
  });

  it('takes application/json in UTF-8 alone: 415', async () => {
    for (const type of [
      '',
      'text/json',
      'application/x-www-form-urlencoded',
      'application/json; charset=latin1',
      'application/json5',
      'application/json, text/html',
    ]) {
      const answer = await post({ ...bearer(), 'content-type': type }, JSON.stringify(ISSUE));
      expect([type, answer.status, answer.body.code]).toEqual([
        type,
        415,
        'unsupported_media_type',
      ]);
    }
    const encoded = await post(
      { ...bearer(), 'content-type': 'application/json', 'content-encoding': 'gzip' },
      JSON.stringify(ISSUE),
    );
    expect(encoded.status).toBe(415);
    const spelled = await post(
      { ...bearer(), 'content-type': 'Application/JSON; charset="UTF-8"' },
      JSON.stringify(ISSUE),
    );
    expect(spelled.status).toBe(201);
  });

  it('takes 64 KiB and not a byte more: 413', async () => {
    const body = JSON.stringify({ ...ISSUE, padding: '' });
    const filled = (length: number) =>
      body.replace('""', JSON.stringify('x'.repeat(length - body.length)));
    const headers = { ...bearer(), 'content-type': 'application/json' };
    expect((await post(headers, filled(65_536))).status).toBe(201);
    const answer = await post(headers, filled(65_537));
    expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large']);
  });

  it('takes one JSON document, without a byte order mark: 400', async () => {
    const json = JSON.stringify(ISSUE);
    for (const body of [
      '',
      '{',
      `${json}${json}`,
      `\ufeff${json}`,
      Buffer.from([0x22, 0xff, 0x22]),
      '{"a":01}',
      "{'a':1}",
      '[1,]',
    ]) {
      const answer = await post({ ...bearer(), 'content-type': 'application/json' }, body);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    }
  });

  it('answers 405 with what a path takes, and 404 where there is nothing', async () => {
    const wrong = await broker.api('PUT', '/v1/keys', ISSUE);
    expect([wrong.status, wrong.body.code, wrong.headers['allow']]).toEqual([
      405,
      'method_not_allowed',
      'POST, GET',
    ]);
    const one = await broker.api('POST', '/v1/keys/vk_1', {});
    expect([one.status, one.headers['allow']]).toEqual([405, 'GET, DELETE']);
    for (const [method, path, allow] of [
      ['POST', '/v1/budgets', 'GET'],
      ['POST', '/v1/budgets/user/u1', 'PUT, GET, DELETE'],
      ['PUT', '/v1/brakes', 'POST, GET'],
      ['GET', '/v1/brakes/brk_1', 'DELETE'],
      ['GET', '/v1/leases', 'POST'],
      ['PATCH', '/v1/leases/lease_1', 'DELETE'],
      ['GET', '/v1/leases/lease_1/renew', 'POST'],
      ['POST', '/v1/holds', 'GET'],
      ['GET', '/v1/holds/call_1/settle', 'POST'],
      ['DELETE', '/v1/audit', 'GET'],
      ['POST', '/v1/audit/verify', 'GET'],
      ['POST', '/metrics', 'GET'],
    ] as const) {
      const answer = await broker.api(method, path, {});
      expect([path, answer.status, answer.headers['allow']]).toEqual([path, 405, allow]);
    }
    expect((await send(broker.url, 'POST', '/healthz')).status).toBe(405);
    for (const path of [
      '/v1',
      '/v1/',
      '/v1/keys/',
      '/v1/keys/a/b',
      '/v1/keys/a%2fb',
      '/v1/budgets/',
      '/v1/budgets/user',
      '/v1/budgets/user/',
      '/v1/budgets/user/a/b',
      '/v1/brakes/a/b',
      '/v1/leases/a/b',
      '/v1/holds/a',
      '/v1/audit/',
      '/v1/keys/../keys',
    ]) {
      const answer = await broker.api('GET', path);
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'not_found']);
    }
  });

  it('answers in one shape, in both places, with no banner and no CORS', async () => {
    const answer = await broker.api('GET', '/v1/nothing');
    expect(answer.body).toEqual({
      error: {
        type: 'vault_key_error',
        code: 'not_found',
        message: expect.any(String),
        param: null,
      },
      code: 'not_found',
    });
    expect(answer.headers['x-powered-by']).toBeUndefined();
    expect(answer.headers['server']).toBeUndefined();
    expect(
      Object.keys(answer.headers).filter((name) => name.startsWith('access-control-')),
    ).toEqual([]);
  });

  it('keeps its token and every vault key out of what it prints', async () => {
    const { token } = await broker.issue();
    expect(broker.output).not.toContain(token);
    expect(broker.output).not.toContain(broker.token);
  });
});

describe('DELETE /v1/keys/{id}', () => {
  it('revokes, and says the same again however often it is asked', async () => {
    const { id } = await broker.issue();
    const first = await broker.api('DELETE', `/v1/keys/${id}`);
    expect(first.status).toBe(200);
    expect(first.body).toEqual({ id, status: 'revoked', revoked_at: expect.any(String) });
    const again = await broker.api('DELETE', `/v1/keys/${id}`);
    expect([again.status, again.body]).toEqual([200, first.body]);
  });

  it('answers 404 to an id that never was', async () => {
    const answer = await broker.api('DELETE', '/v1/keys/vk_0000000000000000000000');
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
  });
});

describe('POST /v1/keys/revoke', () => {
  it('revokes many at once and says which it never knew', async () => {
    const ids = (await Promise.all([1, 2, 3].map(() => broker.issue()))).map(({ id }) => id);
    const answer = await broker.api('POST', '/v1/keys/revoke', {
      ids: [...ids, ids[0], 'vk_nope'],
    });
    expect([answer.status, answer.body]).toEqual([200, { revoked: 3, unknown: ['vk_nope'] }]);
    for (const id of ids) {
      expect((await broker.api('GET', `/v1/keys/${id}`)).body.status).toBe('revoked');
    }
  });

  it.each([
    [{}],
    [null],
    [{ ids: [] }],
    [{ ids: 'vk_1' }],
    [{ ids: [7] }],
    [{ ids: Array(1_001).fill('a') }],
  ])('takes no %p', async (body) => {
    const answer = await broker.api('POST', '/v1/keys/revoke', body);
    expect([answer.status, answer.body.fields[0].field]).toEqual([422, 'ids']);
  });

  it('takes 1,000 ids', async () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => `vk_${i}`);
    const { body } = await broker.api('POST', '/v1/keys/revoke', { ids });
    expect(body).toEqual({ revoked: 0, unknown: ids });
  });
});

describe('GET /v1/keys and /v1/keys/{id}', () => {
  it('shows policy, status and money, and never the token', async () => {
    const key = await broker.issue({ daily_usd_cap: 12.5, subject: { user_id: 'shown' } });
    const answer = await broker.api('GET', `/v1/keys/${key.id}`);
    expect(answer.body).toMatchObject({
      id: key.id,
      label: 'nest-u1-r1',
      vendor: 'stripe',
      daily_usd_cap: 12.5,
      subject: { user_id: 'shown' },
      status: 'active',
      spent_usd: 0,
      held_usd: 0,
      remaining_usd: 12.5,
    });
    expect(answer.text).not.toContain(key.token);
    expect(answer.body).not.toHaveProperty('token');
    expect((await broker.api('GET', '/v1/keys/vk_none')).status).toBe(404);
  });

  it('shows a key as expired from the instant it expires', async () => {
    const { id } = await broker.issue({ expires_in: '1s' });
    const { body } = await broker.api('GET', `/v1/keys/${id}`);
    await new Promise((resolve) =>
      setTimeout(resolve, Date.parse(body.expires_at) - Date.now() + 50),
    );
    expect((await broker.api('GET', `/v1/keys/${id}`)).body.status).toBe('expired');
    // Idempotent, for expired keys too.
    expect((await broker.api('DELETE', `/v1/keys/${id}`)).status).toBe(200);
  });

  it('filters by status, vendor and subject', async () => {
    const subject = { tenant_id: 'f-t', user_id: 'f-u', run_id: 'f-r', tool: 'f-tool' };
    const kept = await broker.issue({ subject });
    const revoked = await broker.issue({ subject: { ...subject, run_id: 'f-r2' } });
    await broker.api('DELETE', `/v1/keys/${revoked.id}`);
    const ids = async (query: string) => {
      const { status, body } = await broker.api('GET', `/v1/keys?${query}`);
      expect(status).toBe(200);
      return (body.keys as { id: string }[]).map(({ id }) => id);
    };
    expect(await ids('user_id=f-u')).toEqual([revoked.id, kept.id]);
    expect(await ids('user_id=f-u&status=active')).toEqual([kept.id]);
    expect(await ids('user_id=f-u&status=revoked&vendor=stripe')).toEqual([revoked.id]);
    expect(await ids('tenant_id=f-t&run_id=f-r&tool=f-tool')).toEqual([kept.id]);
    expect(await ids('user_id=f-u&vendor=other')).toEqual([]);
    expect(await ids(`user_id=${encodeURIComponent("' OR 1=1 --")}`)).toEqual([]);
  });

  it('pages by limit and cursor, each key once', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++)
      ids.unshift((await broker.issue({ subject: { tool: 'paged' } })).id);
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 3; page++) {
      const { body } = await broker.api('GET', `/v1/keys?tool=paged&limit=2${cursor}`);
      seen.push(...(body.keys as { id: string }[]).map(({ id }) => id));
      expect('cursor' in body).toBe(page < 2);
      cursor = `&cursor=${body.cursor}`;
    }
    expect(seen).toEqual(ids);
  });

  it('names every bad parameter of the list', async () => {
    const answer = await broker.api(
      'GET',
      '/v1/keys?status=dead&limit=0&cursor=x&colour=red&tool=a&tool=b',
    );
    expect(answer.status).toBe(422);
    expect((answer.body.fields as { field: string }[]).map(({ field }) => field).sort()).toEqual([
      'colour',
      'cursor',
      'limit',
      'status',
      'tool',
    ]);
    expect((await broker.api('GET', '/v1/keys?limit=1001')).status).toBe(422);
  });
});

describe('GET /healthz and /readyz', () => {
  it('need no token, and say that the writer itself syncs in full', async () => {
    const alive = await send(broker.url, 'GET', '/healthz');
    expect([alive.status, alive.body]).toEqual([200, { status: 'alive' }]);
    const ready = await send(broker.url, 'GET', '/readyz');
    expect([ready.status, ready.body]).toEqual([
      200,
      { status: 'ready', store: { kind: 'sqlite', durability: 'full' } },
    ]);
  });
});

describe('what is no request at all', () => {
  it('answers 400 in the one shape to what is not HTTP', async () => {
    const { status, head, body } = readRaw(await exchangeRaw(broker.url, 'NOT HTTP\r\n\r\n'));
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(head).toContain('x-vault-key-verdict: invalid_request');
  });

  it('answers 431 to headers that are too large', async () => {
    const request = rawRequest([
      'GET /v1/keys HTTP/1.1',
      'Host: a',
      `X-Large: ${'x'.repeat(20_000)}`,
    ]);
    const { status, body } = readRaw(await exchangeRaw(broker.url, request));
    expect([status, body.code]).toEqual([431, 'headers_too_large']);
  });
});
