import { DEFAULT_BODY_LIMITS } from './body-limits';
import type { BodyLimits } from './body-limits';

/** One parameter of a body, as form encoding names it: `amount_details[tip][amount]`. */
export interface Parameter {
  /** The name's parts: `['amount_details', 'tip', 'amount']`; an empty part is a `[]`. */
  path: readonly string[];
  value: string;
}

const TOP_LEVEL_NAME = /^[A-Za-z0-9_]+$/;
/** What Rack and others read in place of the method that was matched. */
const METHOD_OVERRIDE = '_method';
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

/** A body that no two readers may be trusted to read alike. */
export class InvalidBodyError extends Error {
  constructor(
    message: string,
    readonly param: string | null = null,
  ) {
    super(message);
    this.name = 'InvalidBodyError';
  }
}

/** The name as it is in a form body: `a[b][0]`. */
export function nameOf(path: readonly string[]): string {
  const [top = '', ...rest] = path;
  return top + rest.map((part) => `[${part}]`).join('');
}

/** What is known of one part of a name that was given. */
class Place {
  /** It was given a value. */
  hasValue = false;
  /** Whether its items are given by `[]`; two readers number them alike only where all are, or none. */
  appends: boolean | undefined;
  // Most places have one below them, and a map for each would cost more than all else.
  #part: string | undefined;
  #only: Place | undefined;
  #below: Map<string, Place> | undefined;

  get isMap(): boolean {
    return this.#only !== undefined;
  }

  find(part: string): Place | undefined {
    return part === this.#part ? this.#only : this.#below?.get(part);
  }

  open(part: string): Place {
    const place = new Place();
    if (this.#only === undefined) {
      this.#part = part;
      this.#only = place;
    } else {
      this.#below ??= new Map();
      this.#below.set(part, place);
    }
    return place;
  }
}

/**
 * Takes the parameters of a body as they are read, and refuses the first that is one too many, too
 * deep or too long, or that two readers could read differently: strange names, a name given twice, a
 * name that is both a value and a map, a method in the body.
 */
export class ParameterSink {
  readonly #parameters: Parameter[] = [];
  readonly #root = new Place();
  #length = 0;

  constructor(private readonly limits: BodyLimits = DEFAULT_BODY_LIMITS) {}

  /** Those that were taken, in the order given. */
  get parameters(): readonly Parameter[] {
    return this.#parameters;
  }

  /** @throws InvalidBodyError where nothing may be nested in a parameter any more. */
  checkDepth(path: readonly string[]): void {
    if (path.length >= this.limits.levels) {
      throw new InvalidBodyError(
        `the parameter "${clip(nameOf(path))}" is nested deeper than ${this.limits.levels} levels`,
      );
    }
  }

  /** @throws InvalidBodyError where the parameter is not taken. */
  add(path: readonly string[], value: string): void {
    if (this.#parameters.length >= this.limits.parameters) {
      throw new InvalidBodyError(`the body has more than ${this.limits.parameters} parameters`);
    }
    // A long JSON name is written once over many values, and would be sent with each of them.
    this.#length += value.length;
    for (const part of path) this.#length += part.length + 2;
    if (this.#length > 2 * this.limits.bodyBytes) {
      throw new InvalidBodyError('the body is too long once it is written as a form');
    }
    let place = this.#root;
    let isAppended = false;
    for (let depth = 0; depth < path.length; depth++) {
      const part = path[depth] ?? '';
      if (depth > 0) checkMap(place, path, depth);
      isAppended ||= part === '';
      let next = place.find(part);
      if (next === undefined) {
        checkPart(path, depth);
        next = place.open(part);
      }
      place = next;
    }
    if (!isAppended) {
      if (place.hasValue) throw named(path, 'is given twice');
      if (place.isMap) throw named(path, 'is both a value and a map');
      place.hasValue = true;
    }
    this.#parameters.push({ path, value });
  }
}

function checkMap(map: Place, path: readonly string[], depth: number): void {
  if (map.hasValue) throw named(path.slice(0, depth), 'is both a value and a map');
  const appends = path[depth] === '';
  if ((map.appends ?? appends) !== appends) {
    const list = clip(nameOf(path.slice(0, depth)));
    throw new InvalidBodyError(`the list "${list}" is given both with and without indices`, list);
  }
  map.appends = appends;
}

function checkPart(path: readonly string[], depth: number): void {
  const part = path[depth] ?? '';
  if (PROTOTYPE_NAMES.has(part)) throw named(path, 'names a prototype');
  if (depth > 0) return;
  if (!TOP_LEVEL_NAME.test(part)) {
    throw new InvalidBodyError(
      `the parameter "${clip(nameOf(path))}" has a name of other characters than A-Z a-z 0-9 _`,
    );
  }
  if (part === METHOD_OVERRIDE) {
    throw new InvalidBodyError(`the parameter "${METHOD_OVERRIDE}" would override the method`);
  }
}

function named(path: readonly string[], fault: string): InvalidBodyError {
  const name = clip(nameOf(path));
  return new InvalidBodyError(`the parameter "${name}" ${fault}`, name);
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
