import type { BrakeScope, BudgetTarget, Period, Role, SubjectView } from '../api/views';

const SCOPES: Readonly<Record<BrakeScope | 'parent', string>> = {
  tenant: 'tenant',
  user: 'user',
  run: 'agent run',
  tool: 'tool',
  vendor: 'vendor',
  key: 'key',
  parent: 'parent key',
  all: 'everything',
};
const PERIODS: Readonly<Record<Period, string>> = {
  day: 'a day',
  week: 'a week',
  month: 'a month',
  '24h': '24 hours',
};
const ROLES: Readonly<Record<Role, string>> = {
  viewer: 'may look',
  operator: 'may look, brake, decide and raise',
  admin: 'may do everything here',
};

export function scopeWord(scope: string): string {
  return (SCOPES as Readonly<Record<string, string>>)[scope] ?? scope;
}

/** Behind an amount: `a week`, `in 24 hours`. */
export function perPeriod(period: Period | undefined): string {
  return period === '24h' ? 'in 24 hours' : periodText(period);
}

/** What a cap is for: `a week`, `any 24 hours`. */
export function periodText(period: Period | undefined): string {
  return PERIODS[period ?? 'day'];
}

export function roleText(role: Role): string {
  return ROLES[role];
}

/** Whom a budget caps: `user mira of tenant acme`, `each user`. */
export function targetText({ scope, id, tenant_id, user_id }: BudgetTarget): string {
  const whom =
    id === '*'
      ? `each ${scopeWord(scope)} without a budget of its own`
      : id === ''
        ? `keys without ${scope === 'user' || scope === 'tenant' || scope === 'tool' ? 'a' : 'an'} ${scopeWord(scope)}`
        : `${scopeWord(scope)} ${id}`;
  const user =
    user_id === undefined ? '' : user_id === '' ? ' without a user' : ` of user ${user_id}`;
  const tenant =
    tenant_id === undefined
      ? ''
      : tenant_id === ''
        ? scope === 'tenant'
          ? ''
          : ' without a tenant'
        : ` of tenant ${tenant_id}`;
  return `${whom}${user}${tenant}`;
}

/** `mira · acme`: whom a key works for, in short. */
export function subjectText({ tenant_id, user_id, run_id, tool }: SubjectView): string {
  const parts = [user_id, tenant_id].filter((part) => part !== undefined && part !== '');
  return parts.length > 0 ? parts.join(' · ') : (run_id ?? tool ?? 'nobody named');
}
