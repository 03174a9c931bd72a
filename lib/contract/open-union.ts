/**
 * One of the known texts, which editors complete, or another: a later broker may say more than this
 * version knows.
 */
export type OpenUnion<Known extends string> = Known | (string & Record<never, never>);
