import type { FieldFault } from './refusal';
/** The fields of a body; of what is no object, none. */
export declare function fieldsOf(body: unknown): object;
/**
 * The fields of an object that its call does not have: a misspelt one would be taken for an absent
 * one, and what it was to limit would be unlimited.
 *
 * @param within The name of the object, where it is a field itself.
 */
export declare function unknownFields(object: object, known: readonly string[], within?: string): FieldFault[];
