/** Reads objects of the vendor's, with the secret of the broker, so that a call can be priced by them. */
export interface VendorLookup {
  /**
   * Asks for one object, within the account that the call is for.
   *
   * @param path Below the vendor's prefix: `prices/price_1`, `invoices/in_1?expand[]=lines`.
   * @throws BrokerRefusal `amount_unknown` where the vendor does not answer, does not have the object
   * or does not let the secret read it: then it names the permission that the secret lacks.
   */
  get(path: string): Promise<Record<string, unknown>>;
}
