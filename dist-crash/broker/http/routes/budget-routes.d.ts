import type { Broker } from '../../broker';
import type { Route } from '../route';
export declare function budgetRoutes(broker: Broker): Route[];
