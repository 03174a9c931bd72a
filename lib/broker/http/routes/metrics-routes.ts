import type { Broker } from '../../broker';
import { newRegistry, orNotInstalled } from '../../metrics/prometheus';
import type { Route } from '../route';

export function metricsRoutes(broker: Broker): Route[] {
  const registry = newRegistry(broker.metrics);
  return [
    {
      method: 'GET',
      path: /^\/metrics$/,
      role: 'viewer',
      takesQuery: true,
      handle: async () => {
        const installed = orNotInstalled(registry);
        const text = await installed.metrics();
        return { status: 200, contentType: installed.contentType, text };
      },
    },
  ];
}
