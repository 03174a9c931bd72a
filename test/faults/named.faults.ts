import { GROUPS, defineFaults } from './named-faults';

defineFaults(GROUPS);
