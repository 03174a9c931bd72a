import type { Arbitrary } from 'fast-check';

/** One parser under fuzz. An input is a text, so that one line of JSON keeps it. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs that are nearly valid. */
  readonly inputs: Arbitrary<string>;
  /**
   * Parses one input and holds what it gives against an independent reading.
   *
   * @returns Whether the input was accepted.
   * @throws Error where they differ, or where the parser threw what it must not.
   */
  check(input: string): boolean;
}

/** @throws Error with what was expected and not found. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** @throws Error where two values are not the same as JSON. */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  must(one === other, `${what}: ${one?.slice(0, 400)} is not ${other?.slice(0, 400)}`);
}
