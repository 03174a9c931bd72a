import type { Broker } from '../../broker';
import type { Route } from '../route';
export declare function leaseRoutes(broker: Broker): Route[];
