import type { Broker } from '../../broker';
import { readJson, readNoFields } from '../json-body';
import { ID } from '../route';
import type { Route } from '../route';

export function leaseRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/v1\/leases$/,
      role: 'app',
      handle: async ({ req }) => ({
        status: 201,
        body: await broker.leases.begin(await readJson(req)),
      }),
    },
    {
      method: 'POST',
      path: new RegExp(`^/v1/leases/${ID}/renew$`),
      role: 'app',
      handle: async ({ req, params: [id = ''] }) => {
        await readNoFields(req);
        return { status: 200, body: await broker.leases.renew(id) };
      },
    },
    {
      method: 'DELETE',
      path: new RegExp(`^/v1/leases/${ID}$`),
      role: 'app',
      handle: async ({ params: [id = ''] }) => ({ status: 200, body: await broker.leases.end(id) }),
    },
  ];
}
