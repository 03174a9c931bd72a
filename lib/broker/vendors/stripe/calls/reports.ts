import { free } from './call-row';
import type { CallRows } from './call-row';

export const REPORTS: CallRows = {
  'POST reporting/report_runs': free(
    'reporting/report_run/create',
    `
    expand[] parameters{columns[] connected_account currency interval_end interval_start
    payout reporting_category timezone} report_type`,
  ),
};
