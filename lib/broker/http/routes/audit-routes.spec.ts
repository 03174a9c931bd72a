import type { IncomingMessage } from 'node:http';
import { Broker } from '../../broker';
import { APP_CODE } from '../../operators/actor';
import { countTurns } from '../../../../test/support/turns';
import { auditRoutes } from './audit-routes';

const KEYS = 2_000;

it('streams the log with turns for other work between its entries, however fast they are read', async () => {
  const broker = await Broker.open({
    store: 'sqlite::memory:',
    vendors: { stripe: { secretKey: 'sk_test_x' } },
  });
  const key = {
    label: 'k',
    vendor: 'stripe',
    daily_usd_cap: 1,
    allowed_endpoints: ['/v1/payment_intents'],
  };
  await Promise.all(Array.from({ length: KEYS }, () => broker.issue(key)));
  const route = auditRoutes(broker).find(({ path }) => path.test('/v1/audit'));
  const reply = await route?.handle({
    req: { headers: { accept: 'application/x-ndjson' } } as IncomingMessage,
    query: new URLSearchParams(),
    params: [],
    by: APP_CODE,
  });
  if (reply === undefined || !('lines' in reply)) throw new Error('no lines came');
  const { lines } = reply;
  let entries = 0;
  const turns = await countTurns(async () => {
    for await (const _ of lines) entries += 1;
  });
  expect(entries).toBe(KEYS);
  expect(turns).toBeGreaterThanOrEqual(KEYS / 250);
  await broker.close();
});
