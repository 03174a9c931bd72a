import type { Broker } from '../../broker';
import type { Route } from '../route';
export declare function keyRoutes(broker: Broker): Route[];
/** The one call whose bearer is a vault key. */
export declare function currentKeyRoute(broker: Broker): Route;
