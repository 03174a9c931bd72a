import type { FieldIssue } from './refusal';

/** The fields of a body; of what is no object, none. */
export function fieldsOf(body: unknown): object {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
}

/**
 * The fields of an object that its call does not have: a misspelt one would be taken for an absent
 * one, and what it was to limit would be unlimited.
 *
 * @param within The name of the object, where it is a field itself.
 */
export function unknownFields(
  object: object,
  known: readonly string[],
  within?: string,
): FieldIssue[] {
  return Object.keys(object)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      field: within === undefined ? name.slice(0, 64) : `${within}.${name.slice(0, 64)}`,
      message: `is no field of this call, which takes ${known.length === 0 ? 'none' : known.join(', ')}`,
    }));
}
