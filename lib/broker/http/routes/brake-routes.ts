import type { Broker } from '../../broker';
import { readJson } from '../json-body';
import { ID } from '../route';
import type { Route } from '../route';

export function brakeRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/v1\/brakes$/,
      handle: async ({ req, remoteAddress }) => ({
        status: 201,
        body: await broker.brake(await readJson(req), remoteAddress),
      }),
    },
    {
      method: 'GET',
      path: /^\/v1\/brakes$/,
      handle: async () => ({ status: 200, body: await broker.brakes() }),
    },
    {
      method: 'DELETE',
      path: new RegExp(`^/v1/brakes/${ID}$`),
      handle: async ({ params: [id = ''], remoteAddress }) => ({
        status: 200,
        body: await broker.lift(id, remoteAddress),
      }),
    },
  ];
}
