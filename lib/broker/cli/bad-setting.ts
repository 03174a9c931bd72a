/** A setting that does not hold: one line that names it. */
export class BadSetting extends Error {}
