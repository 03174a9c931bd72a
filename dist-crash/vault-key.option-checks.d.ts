/** What is wrong with a value, as the rest of a sentence that begins with its path. */
type Check = (value: unknown, options: Readonly<Record<string, unknown>>) => string | undefined;
/** A class-validator rule that is a {@link Check}, with what right looks like. */
export declare function Sound(check: Check, example: string): PropertyDecorator;
export declare const optional: PropertyDecorator;
export declare function section(value: unknown): string | undefined;
export declare function budgetsSection(value: unknown): string | undefined;
export declare function budgetCap(value: unknown): string | undefined;
export declare function leaseSection(value: unknown): string | undefined;
export declare function leaseTtl(value: unknown): string | undefined;
export declare function callable(value: unknown): string | undefined;
export declare function managementToken(value: unknown): string | undefined;
export declare function vendorSecret(value: unknown): string | undefined;
export declare function auditKey(value: unknown): string | undefined;
export declare function acceptedDoubts(value: unknown): string | undefined;
export declare function dialectName(value: unknown): string | undefined;
export declare function vendorUrl(value: unknown): string | undefined;
export declare function storeUrl(value: unknown): string | undefined;
export declare function duration(value: unknown): string | undefined;
/** As {@link serverUrl}, of what has no default. */
export declare function brokerUrl(value: unknown, options: Readonly<Record<string, unknown>>): string | undefined;
export declare function serverUrl(value: unknown, { allowPlainHttp }: Readonly<Record<string, unknown>>): string | undefined;
export declare function hostNames(value: unknown): string | undefined;
export declare function isRecord(value: unknown): value is Record<string, unknown>;
export {};
