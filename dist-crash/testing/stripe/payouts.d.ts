import type { Endpoint } from './endpoint';
export declare const payoutEndpoints: Endpoint[];
