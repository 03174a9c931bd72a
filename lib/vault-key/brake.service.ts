import { Injectable } from '@nestjs/common';
import { BrokerClient } from '../broker-client/broker-client';
import type { Brake, BrakeRequest, BrakeScope, NewBrake } from '../broker-client/broker-client';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { idText } from './agent-identity';
import { subjectId } from './label';

/**
 * Whom to stop: exactly one scope, a user, agent run, tool or vendor within a tenant where one is
 * named.
 */
export type BrakeTarget =
  | 'all'
  | { user: string | number | bigint; tenant?: string | number | bigint | undefined }
  | { run: string; tenant?: string | number | bigint | undefined }
  | { tool: string; tenant?: string | number | bigint | undefined }
  | { vendor: string; tenant?: string | number | bigint | undefined }
  | { tenant: string | number | bigint }
  | { key: string };

/** How long a brake is active. */
export interface BrakeOptions {
  /** `30s`, `5m`, `1h`, at most 24 h. Without it the brake is active until it is lifted. */
  expiresIn?: string | undefined;
}

const SCOPES: readonly BrakeScope[] = ['user', 'run', 'tool', 'vendor', 'key'];
/** The ids that an application gives, and that keys carry in the form the broker takes. */
const OF_A_SUBJECT: ReadonlySet<BrakeScope> = new Set(['user', 'tool', 'tenant']);
const EXAMPLE = "{ run: 'r1' }, { user: 'u1', tenant: 't1' } or 'all'";

/**
 * Stops agents: new keys and calls with live ones are refused, in every instance of the
 * application and whatever the broker forwards for others, until the brake is lifted.
 *
 * @example
 * constructor(private readonly brakes: BrakeService) {}
 *
 * async onFraudAlert(userId: string) {
 *   const { id, hit } = await this.brakes.stop({ user: userId }, 'fraud alert', { expiresIn: '1h' });
 *   this.logger.warn(`${hit ?? 'many'} live keys stopped; lift(${id}) ends it`);
 * }
 */
@Injectable()
export class BrakeService {
  constructor(private readonly client: BrokerClient) {}

  /**
   * Sets a brake. Once it resolves, no call of its target is admitted. What has already left for
   * the vendor is not called back.
   *
   * @param target Whom to stop.
   * @param reason Shown to the agents that it stops, and in the audit log: 1–200 characters.
   * @returns The brake. Its `hit` says how many live keys it stopped, and is absent where they are
   * still being counted: {@link list} tells it some moments later.
   * @throws CallRefusedException where the target does not have exactly one scope, where the broker
   * takes no such brake, and `dialect_not_supported` where it has none.
   * @throws VaultKeyUnavailableException where the broker gave no answer: the brake may be active, and
   * to put it again is harmless.
   */
  async stop(target: BrakeTarget, reason: string, options: BrakeOptions = {}): Promise<NewBrake> {
    const { expiresIn } = options;
    return this.client.brake({
      ...whom(target),
      reason,
      ...(expiresIn === undefined ? {} : { expiresIn }),
    });
  }

  /**
   * Lifts a brake: its target is served again, unless another brake stops it.
   *
   * @throws CallRefusedException 404 `not_found` where no active brake has the id.
   * @throws VaultKeyUnavailableException where the broker gave no answer.
   */
  async lift(id: string): Promise<void> {
    await this.client.lift(id);
  }

  /**
   * The active brakes, the oldest first, set by any client.
   *
   * @throws VaultKeyUnavailableException where the broker gave no answer.
   */
  async list(): Promise<readonly Brake[]> {
    return this.client.brakes();
  }
}

function whom(target: unknown): Pick<BrakeRequest, 'scope' | 'target' | 'tenantId'> {
  if (target === 'all') return { scope: 'all' };
  if (typeof target !== 'object' || target === null) throw notOneScope('it names none');
  const given = target as Record<string, unknown>;
  // A scope that came out as `undefined` was meant to stop somebody.
  for (const [name, value] of Object.entries(given)) {
    const isScope = name === 'tenant' || SCOPES.some((each) => each === name);
    if (!isScope) throw notOneScope(`unknown scope "${name.slice(0, 64)}"`);
    if (value === undefined && name !== 'tenant') throw notOneScope(`${name} is undefined`);
  }
  const named = SCOPES.filter((scope) => given[scope] !== undefined);
  const tenant = given['tenant'];
  const [scope, ...others] = named;
  if (others.length > 0) throw notOneScope(`it names ${named.join(' and ')}`);
  if (scope === undefined) {
    if (tenant === undefined) throw notOneScope('it names none');
    return { scope: 'tenant', target: idOf('tenant', tenant) };
  }
  if (scope === 'key' && tenant !== undefined) throw notOneScope('it names key and tenant');
  return {
    scope,
    target: idOf(scope, given[scope]),
    ...(tenant === undefined ? {} : { tenantId: idOf('tenant', tenant) }),
  };
}

function idOf(scope: BrakeScope, value: unknown): string {
  const id = idText(value);
  if (id === undefined) {
    const rule = 'must be a string that is not blank, or an integer';
    throw CallRefusedException.forArgument(`target.${scope}`, rule);
  }
  return OF_A_SUBJECT.has(scope) ? subjectId(id) : id;
}

function notOneScope(what: string): CallRefusedException {
  const rule = `must have exactly one scope, such as ${EXAMPLE}: ${what}`;
  return CallRefusedException.forArgument('target', rule);
}
