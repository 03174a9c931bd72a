import type { Broker } from '../../broker';
import type { Route } from '../route';
export declare function holdRoutes(broker: Broker): Route[];
