import { BrokerRefusal } from '../refusal';
import type { Parameter } from './parameters';
/**
 * The parameters that a call may have, written as `name`, `list[]`, `map{name name}`, `list[]{name}`
 * and `map{*}`, where `*` is any key. A name is taken only where it stands, however deep.
 */
export declare class ParameterList {
    #private;
    constructor(text: string);
    /** Whether a parameter is on the list. A map or a list may be cleared, by an empty value. */
    allows({ path, value }: Parameter): boolean;
    /** The first parameter that is not on the list. */
    firstUnknown(parameters: readonly Parameter[]): Parameter | undefined;
    /** Every name on the list: `shipping[address][city]`, `expand[]`, `metadata[*]`. */
    names(): string[];
}
/** The refusal of a parameter that is on no list. */
export declare function parameterNotAllowed(call: string, path: readonly string[]): BrokerRefusal;
