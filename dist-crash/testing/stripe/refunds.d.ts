import type { Endpoint } from './endpoint';
export declare const refundEndpoints: Endpoint[];
