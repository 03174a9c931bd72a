import type { FormParams, FormValue } from './form-params';
import { StripeError } from './stripe-error';
/** How one parameter is read. Reading happens before a call executes, so what fails here moved no money. */
export interface ParamRule<T, R extends boolean = boolean> {
    readonly required: R;
    read(value: FormValue, name: string): T;
}
export type ParamRules = Readonly<Record<string, ParamRule<unknown>>>;
/** What an endpoint gets once its rules have read the form. */
export type Params<Rules extends ParamRules> = {
    [Name in keyof Rules]: Rules[Name] extends ParamRule<infer T, infer R> ? R extends true ? T : T | undefined : never;
};
/** @throws {StripeError} for an unknown, missing or malformed parameter, in that order. */
export declare function readParams<Rules extends ParamRules>(rules: Rules, form: FormParams): Params<Rules>;
export declare function missingParam(name: string): StripeError;
export declare function required<T>(rule: ParamRule<T>): ParamRule<T, true>;
export declare const text: ParamRule<string, false>;
/** Text which an empty value unsets. */
export declare const unsettableText: ParamRule<string | null, false>;
export declare const flag: ParamRule<boolean, false>;
/** Minor units of a currency: 1 … 99,999,999. */
export declare const amount: ParamRule<number, false>;
export declare const feeAmount: ParamRule<number, false>;
/** Minor units of either sign. */
export declare const signedAmount: ParamRule<number, false>;
export declare const listLimit: ParamRule<number, false>;
export declare const currency: ParamRule<string, false>;
export declare function oneOf<const Choice extends string>(...choices: Choice[]): ParamRule<Choice, false>;
/** `metadata[key]=value`; an empty value drops the key, an empty `metadata` drops them all. */
export declare const metadata: ParamRule<Record<string, string> | null, false>;
export declare const texts: ParamRule<string[], false>;
/** `created=…` or `created[gte]=…&created[lt]=…`, Unix seconds. */
export declare const createdRange: ParamRule<(at: number) => boolean, false>;
/** A nested object, kept as it was written. */
export declare const hash: ParamRule<Record<string, unknown> | null, false>;
/** A parameter Stripe knows and this vendor takes without acting on it. */
export declare const unmodelled: ParamRule<unknown, false>;
export declare function allUnmodelled<Name extends string>(...names: Name[]): Record<Name, ParamRule<unknown, false>>;
