import { free } from './call-row';
import type { CallRows } from './call-row';

export const TAX: CallRows = {
  'POST tax_rates': free(
    'tax_rates/create',
    `
    active country description display_name expand[] inclusive jurisdiction metadata{*}
    percentage state tax_type`,
  ),
  'POST tax_rates/*': free(
    'tax_rates/update',
    `
    active country description display_name expand[] jurisdiction metadata{*} state tax_type`,
  ),
};
