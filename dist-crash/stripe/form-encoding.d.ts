/**
 * A parameter of a vendor call. `null` clears the field at the vendor, `undefined` leaves it out.
 */
export type VendorParam = string | number | bigint | boolean | null | undefined | readonly VendorParam[] | {
    readonly [name: string]: VendorParam;
};
/** The parameters of a vendor call, by name. */
export interface VendorParams {
    readonly [name: string]: VendorParam;
}
/**
 * Parameters in the form Stripe reads: `amount=500&metadata[order]=o_1&expand[0]=customer`. A value
 * that has no one way to be written is refused and named, since a guess could be another sum.
 *
 * @throws CallRefusedException `invalid_request`, with the parameter's name.
 */
export declare function encodeForm(params: VendorParams): string;
