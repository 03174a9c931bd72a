/** One parameter of a body, as form encoding names it: `amount_details[tip][amount]`. */
export interface Parameter {
  /** The name's parts: `['amount_details', 'tip', 'amount']`; an empty part is a `[]`. */
  path: readonly string[];
  value: string;
}

export const MAX_PARAMETERS = 1_000;
export const MAX_LEVELS = 8;

const TOP_LEVEL_NAME = /^[A-Za-z0-9_]+$/;
/** What Rack and others read in place of the method that was matched. */
const METHOD_OVERRIDE = '_method';
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

/** A body that no two readers may be trusted to read alike. */
export class BodyFault extends Error {
  constructor(
    message: string,
    readonly param: string | null = null,
  ) {
    super(message);
    this.name = 'BodyFault';
  }
}

/** The name as it stands in a form body: `a[b][0]`. */
export function nameOf(path: readonly string[]): string {
  const [top = '', ...rest] = path;
  return top + rest.map((part) => `[${part}]`).join('');
}

/**
 * Refuses what two readers could read differently: strange names, a name given twice, a name that
 * is both a value and a map, a method in the body.
 */
export function checkParameters(parameters: readonly Parameter[]): void {
  if (parameters.length > MAX_PARAMETERS) {
    throw new BodyFault(`the body has more than ${MAX_PARAMETERS} parameters`);
  }
  const seen = new Set<string>();
  const scalars = new Set<string>();
  const maps = new Set<string>();
  for (const { path } of parameters) {
    const name = nameOf(path);
    if (path.length > MAX_LEVELS) {
      throw new BodyFault(
        `the parameter "${clip(name)}" is nested deeper than ${MAX_LEVELS} levels`,
      );
    }
    if (!TOP_LEVEL_NAME.test(path[0] ?? '')) {
      throw new BodyFault(
        `the parameter "${clip(name)}" has a name of other characters than A-Z a-z 0-9 _`,
      );
    }
    if (path[0] === METHOD_OVERRIDE) {
      throw new BodyFault(`the parameter "${METHOD_OVERRIDE}" would override the method`);
    }
    for (const part of path) {
      if (PROTOTYPE_NAMES.has(part)) {
        throw new BodyFault(`the parameter "${clip(name)}" names a prototype`, clip(name));
      }
    }
    if (!path.includes('')) {
      if (seen.has(name))
        throw new BodyFault(`the parameter "${clip(name)}" is given twice`, clip(name));
      seen.add(name);
      scalars.add(name);
    }
    for (let depth = 1; depth < path.length; depth++) maps.add(nameOf(path.slice(0, depth)));
  }
  for (const name of scalars) {
    if (maps.has(name)) {
      throw new BodyFault(`the parameter "${clip(name)}" is both a value and a map`, clip(name));
    }
  }
}

/** The parameters as the form body that is forwarded. */
export function toFormBody(parameters: readonly Parameter[]): string {
  return parameters
    .map(({ path, value }) => {
      const [top = '', ...rest] = path;
      const name = top + rest.map((part) => `[${encodeURIComponent(part)}]`).join('');
      return `${name}=${encodeURIComponent(value)}`;
    })
    .join('&');
}

function clip(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
