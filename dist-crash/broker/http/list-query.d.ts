/** What is wrong with a parameter's value; `undefined` where nothing is. */
export type ParameterRule = (value: string) => string | undefined;
/** The query of a list: filters, each given once, and the page. */
export interface ListQuery<Name extends string> {
    filter: {
        [Each in Name]?: string;
    };
    limit: number;
    cursor?: string;
}
/** Any text: what nothing matches is an empty list. */
export declare const anyText: ParameterRule;
export declare function oneOf(values: readonly string[]): ParameterRule;
/**
 * Reads the query of a list.
 *
 * @throws BrokerRefusal 422 with every bad parameter.
 */
export declare function readListQuery<Name extends string>(query: URLSearchParams, rules: Readonly<Record<Name, ParameterRule>>): ListQuery<Name>;
/**
 * Reads a query whose parameters are all known and given once.
 *
 * @throws BrokerRefusal 422 with every bad parameter.
 */
export declare function readQuery(query: URLSearchParams, rules: Readonly<Record<string, ParameterRule>>): Partial<Record<string, string>>;
