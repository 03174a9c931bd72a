import type { Broker } from '../../broker';
import { readJson, readNoFields } from '../json-body';
import type { Route } from '../route';

const NAME = '([a-z][a-z0-9-]{0,31})';
const REPLAY = new RegExp(`^/v1/webhooks/${NAME}/replay$`);
const RESUME = new RegExp(`^/v1/webhooks/${NAME}/resume$`);

export function webhookRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/v1\/webhooks$/,
      role: 'viewer',
      handle: async () => ({ status: 200, body: await broker.webhooks.list() }),
    },
    {
      method: 'POST',
      path: REPLAY,
      role: 'operator',
      handle: async ({ req, params: [name = ''], by }) => ({
        status: 200,
        body: await broker.webhooks.replay(name, await readJson(req), by),
      }),
    },
    {
      method: 'POST',
      path: RESUME,
      role: 'operator',
      handle: async ({ req, params: [name = ''], by }) => {
        await readNoFields(req);
        return { status: 200, body: await broker.webhooks.resume(name, by) };
      },
    },
  ];
}
