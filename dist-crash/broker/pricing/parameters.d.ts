import type { BodyLimits } from './body-limits';
/** One parameter of a body, as form encoding names it: `amount_details[tip][amount]`. */
export interface Parameter {
    /** The name's parts: `['amount_details', 'tip', 'amount']`; an empty part is a `[]`. */
    path: readonly string[];
    value: string;
}
/** A body that no two readers may be trusted to read alike. */
export declare class BodyFault extends Error {
    readonly param: string | null;
    constructor(message: string, param?: string | null);
}
/** The name as it stands in a form body: `a[b][0]`. */
export declare function nameOf(path: readonly string[]): string;
/**
 * Refuses what two readers could read differently: strange names, a name given twice, a name that
 * is both a value and a map, a method in the body.
 */
export declare function checkParameters(parameters: readonly Parameter[], limits: BodyLimits): void;
/** The parameters as the form body that is forwarded. */
export declare function toFormBody(parameters: readonly Parameter[]): string;
