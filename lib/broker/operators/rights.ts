import { BrokerRefusal } from '../refusal';
import { OPERATOR_ROLES } from './actor';
import type { Actor, OperatorRole } from './actor';

/** The least role that something takes; `app`: the application alone. */
export type LeastRole = OperatorRole | 'app';

/** Whether an actor has a role, or one with more rights. */
export function hasRole(by: Actor, least: LeastRole): boolean {
  if (least === 'app') return by.isApp;
  return OPERATOR_ROLES.indexOf(by.role) >= OPERATOR_ROLES.indexOf(least);
}

/** @throws BrokerRefusal 403 `forbidden`, with the role that is missing. */
export function checkRole(by: Actor, least: LeastRole): void {
  if (!hasRole(by, least)) throw forbidden(by, least);
}

/** The actor lacks a role. */
export function forbidden(by: Actor, role: LeastRole): BrokerRefusal {
  return new BrokerRefusal('forbidden', forbiddenText(by, role), { role });
}

function forbiddenText(by: Actor, role: LeastRole): string {
  if (role === 'app') {
    return `Only the application's token may do this, and ${by.name} is an operator.`;
  }
  return by.isApp
    ? `This needs an operator with the role ${role}: the application's token may not do it, since operators are configured.`
    : `This needs the role ${role}, and ${by.name} has the role ${by.role}.`;
}
