import type { Endpoint } from './endpoint';
export declare const customerEndpoints: Endpoint[];
