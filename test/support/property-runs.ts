/**
 * How many cases a property is tried with: as many as are usual, times `PROPERTY_RUNS` of the
 * environment. `PROPERTY_RUNS=0.1` is for the inner loop, `PROPERTY_RUNS=20` for a night.
 */
export function propertyRuns(usual: number): number {
  const times = Number(process.env['PROPERTY_RUNS'] ?? 1);
  if (!(times > 0)) throw new Error('PROPERTY_RUNS must be a number above 0, such as 0.1 or 20');
  return Math.ceil(usual * times);
}
