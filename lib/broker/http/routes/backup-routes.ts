import type { Broker } from '../../broker';
import type { Route } from '../route';

export function backupRoutes(broker: Broker): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/v1\/backup$/,
      role: 'admin',
      handle: async ({ by }) => ({ status: 200, file: await broker.copy(by) }),
    },
  ];
}
