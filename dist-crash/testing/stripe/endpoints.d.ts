import type { Endpoint } from './endpoint';
/**
 * The endpoint behind a path, which is taken as it was sent: nothing is decoded or normalised.
 *
 * @throws {StripeError} 404 where there is none
 */
export declare function findEndpoint(method: string, path: string): {
    endpoint: Endpoint;
    id: string;
};
