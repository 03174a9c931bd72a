import { GROUPS, defineFaults } from './named-faults';

/** Those that are over in a few seconds; `npm run test:faults` plays all. */
const QUICK = Object.fromEntries(
  Object.entries(GROUPS)
    .map(([group, faults]) => [group, faults.filter(({ isQuick }) => isQuick === true)] as const)
    .filter(([, faults]) => faults.length > 0),
);

defineFaults(QUICK);
