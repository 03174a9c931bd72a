import { invalidFields } from '../refusal';
import type { FieldIssue } from '../refusal';
import { cursorFault, DEFAULT_LIMIT, limitFault } from '../page';

/** What is wrong with a parameter's value; `undefined` where nothing is. */
export type ParameterRule = (value: string) => string | undefined;

/** The query of a list: filters, each given once, and the page. */
export interface ListQuery<Name extends string> {
  filter: { [Each in Name]?: string };
  limit: number;
  cursor?: string;
}

/** Any text: what nothing matches is an empty list. */
export const anyText: ParameterRule = () => undefined;

export function oneOf(values: readonly string[]): ParameterRule {
  return (value) => (values.includes(value) ? undefined : `must be one of ${values.join(', ')}`);
}

/**
 * Reads the query of a list.
 *
 * @throws BrokerRefusal 422 with every bad parameter.
 */
export function readListQuery<Name extends string>(
  query: URLSearchParams,
  rules: Readonly<Record<Name, ParameterRule>>,
): ListQuery<Name> {
  const {
    limit = String(DEFAULT_LIMIT),
    cursor,
    ...filter
  } = readQuery(query, {
    limit: limitFault,
    cursor: cursorFault,
    ...rules,
  });
  return {
    filter: filter as ListQuery<Name>['filter'],
    limit: Number(limit),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/**
 * Reads a query whose parameters are all known and given once.
 *
 * @throws BrokerRefusal 422 with every bad parameter.
 */
export function readQuery(
  query: URLSearchParams,
  rules: Readonly<Record<string, ParameterRule>>,
): Partial<Record<string, string>> {
  const faults: FieldIssue[] = [];
  const values: Partial<Record<string, string>> = {};
  for (const name of new Set(query.keys())) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    const [value = '', ...more] = query.getAll(name);
    const message =
      rule === undefined
        ? 'is no parameter of this call'
        : more.length > 0
          ? 'must be given once'
          : rule(value);
    if (message === undefined) values[name] = value;
    else faults.push({ field: name, message });
  }
  if (faults.length > 0) throw invalidFields(faults);
  return values;
}
