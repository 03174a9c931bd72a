/** One value of a form: text, or a nested map or list (`a[b]=c`, `a[0]=c`, `a[]=c`). */
export type FormValue = string | FormValue[] | {
    [key: string]: FormValue;
};
/** The parameters of one call, as its form spelled them: every leaf is text. */
export type FormParams = {
    [name: string]: FormValue;
};
/** Decodes query strings and bodies the way Stripe does; of two spellings of one name the last wins. */
export declare function decodeForm(...forms: string[]): FormParams;
/** The same parameters in another order are the same request: what idempotency compares. */
export declare function canonicalForm(params: FormValue): string;
