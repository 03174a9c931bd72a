import type { Brake, BrakeRequest, IssueKeyRequest, KeyStanding } from './broker-client';
/** What a `vault-key` broker is told of a key beyond Keybrake's own fields. */
export declare function ownIssueFields(request: IssueKeyRequest): Record<string, unknown>;
/**
 * The fields of a key that its broker was sent and does not say it enforces, as the broker names
 * them: a broker that passes over a cap enforces none.
 */
export declare function fieldsNotEchoed(request: IssueKeyRequest, answer: Readonly<Record<string, unknown>>): string[];
/** The body of `POST /v1/brakes`. */
export declare function brakeBody(request: BrakeRequest): Record<string, unknown>;
/** A brake as the management API shows it; `undefined` where it is none. */
export declare function readBrake(body: unknown): Brake | undefined;
/** A list of brakes; `undefined` where one of them is none. */
export declare function readBrakes(body: unknown): readonly Brake[] | undefined;
/** What a key may know about itself; `undefined` where the answer does not tell every cap. */
export declare function readStanding(body: unknown): KeyStanding | undefined;
/** The id of a lease that was begun. */
export declare function readLeaseId(body: unknown): string | undefined;
