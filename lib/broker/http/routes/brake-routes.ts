import type { Broker } from '../../broker';
import { readJson, readOptionalJson } from '../json-body';
import { ID } from '../route';
import type { Route } from '../route';

export function brakeRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/v1\/brakes$/,
      role: 'operator',
      isForApp: true,
      handle: async ({ req, by }) => ({
        status: 201,
        body: await broker.brake(await readJson(req), by),
      }),
    },
    {
      method: 'GET',
      path: /^\/v1\/brakes$/,
      role: 'viewer',
      isForApp: true,
      handle: async () => ({ status: 200, body: await broker.brakes() }),
    },
    {
      method: 'DELETE',
      path: new RegExp(`^/v1/brakes/${ID}$`),
      role: 'operator',
      isForApp: true,
      handle: async ({ req, params: [id = ''], by }) => ({
        status: 200,
        body: await broker.lift(id, await readOptionalJson(req), by),
      }),
    },
  ];
}
