import type { Broker } from '../../broker';
import { METRICS_TYPE, metricsText } from '../../metrics/prometheus';
import type { CallCounts } from '../../metrics/call-counts';
import type { Route } from '../route';

export function metricsRoutes(broker: Broker, counts: CallCounts): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/metrics$/,
      role: 'viewer',
      takesQuery: true,
      handle: async () => ({
        status: 200,
        contentType: METRICS_TYPE,
        text: metricsText(counts, await broker.figures()),
      }),
    },
  ];
}
