type CamelCase<Name> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** A management answer in TypeScript's own form: names in camelCase, instants as `Date`s. */
export type CamelCased<Value> = Value extends readonly (infer Each)[]
  ? CamelCased<Each>[]
  : Value extends object
    ? {
        [Name in keyof Value as CamelCase<Name>]: Name extends 'at' | `${string}_at`
          ? Instant<Value[Name]>
          : CamelCased<Value[Name]>;
      }
    : Value;

type Instant<Value> = Value extends string ? Date : Value;

/** Rewrites a management answer, all its levels, to TypeScript's own form. */
export function camelCased<Value>(value: Value): CamelCased<Value> {
  return rewritten(value) as CamelCased<Value>;
}

function rewritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewritten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      camelCase(name),
      typeof each === 'string' && /(?:^|_)at$/.test(name) ? new Date(each) : rewritten(each),
    ]),
  );
}

/** `daily_usd_cap` as `dailyUsdCap`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `dailyUsdCap` as `daily_usd_cap`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
