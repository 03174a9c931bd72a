/**
 * `nest-<user>-<run>`, as key lists and the audit log show it. A user id may hold anything: what a
 * label may not hold becomes `_`, and the user is cut so that the whole fits.
 */
export declare function keyLabel(prefix: string, userId: string, runId: string): string;
/**
 * An id as the subject of a key. One that the broker would refuse (too long, blank, unprintable) is
 * sent as its hash: cut short, two users could share one budget.
 */
export declare function subjectId(id: string): string;
