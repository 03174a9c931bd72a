import type { Broker } from '../../broker';
import type { CallCounts } from '../../metrics/call-counts';
import type { Route } from '../route';
export declare function metricsRoutes(broker: Broker, counts: CallCounts): Route[];
