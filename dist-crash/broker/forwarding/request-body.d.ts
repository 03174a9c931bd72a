import type { BodyLimits } from '../pricing/body-limits';
import type { Parameter } from '../pricing/parameters';
/** A body in the only form in which it is both priced and forwarded. */
export interface RequestBody {
    parameters: readonly Parameter[];
    decimals: ReadonlySet<string>;
}
/**
 * A body that is there already.
 *
 * @throws BrokerRefusal 413 `body_too_large`.
 */
export declare function wholeBody(body: Buffer | undefined, maxBytes: number): Buffer;
/**
 * Waits for the whole body.
 *
 * @throws BrokerRefusal 413 `body_too_large`; `caller_gone` where the body breaks off.
 */
export declare function collectBody(body: Buffer | AsyncIterable<Buffer> | undefined, maxBytes?: number): Promise<Buffer>;
/**
 * Reads a body strictly, by its declared type. An empty one is an empty form, whatever its type.
 *
 * @throws BrokerRefusal 415 `unsupported_media_type`, 400 `invalid_body`.
 */
export declare function parseBody(bytes: Buffer, contentType: string | undefined, limits?: BodyLimits): RequestBody;
