/**
 * How many cases a property is tried with: as many as are usual, times `PROPERTY_RUNS` of the
 * environment. `npm run test:unit` sets 0.1, `npm test` 0.25 and `.ci/run` 1; 20 is for a night.
 */
export function propertyRuns(usual: number): number {
  return Math.ceil(usual * TIMES);
}

const TIMES = Number(process.env['PROPERTY_RUNS'] ?? 1);
if (!(TIMES > 0)) throw new Error('PROPERTY_RUNS must be a number above 0, such as 0.1 or 20');

/** Whether this run takes its time, as that of `.ci/run`: what is the same everywhere is tried everywhere. */
export const IS_FULL_RUN = TIMES >= 1;
