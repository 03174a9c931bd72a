import type { FieldFault } from '../refusal';
import type { BrakeScope } from './brake';
/** What a valid `POST /v1/brakes` asks for. */
export interface BrakeRequest {
    scope: BrakeScope;
    /** Empty for `all`. */
    target: string;
    tenant?: string;
    reason: string;
    /** Absent where it stands until it is lifted. */
    lifeMs?: number;
}
/** Reads the body of `POST /v1/brakes`, without coercing anything. */
export declare function parseBrakeRequest(body: unknown, vendors: ReadonlySet<string>): {
    request: BrakeRequest;
} | {
    faults: FieldFault[];
};
