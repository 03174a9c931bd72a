import { BrokerClient } from '../broker-client/broker-client';
import type {
  BrakeRequest,
  IssueResult,
  NewBrake,
  RevokeResult,
  VendorAnswer,
} from '../broker-client/broker-client';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { BrakeService } from './brake.service';
import type { BrakeTarget } from './brake.service';
import { subjectId } from './label';

class BrakingBroker extends BrokerClient {
  readonly dialect = 'vault-key';
  readonly requests: BrakeRequest[] = [];

  override brake(request: BrakeRequest): Promise<NewBrake> {
    this.requests.push(request);
    return Promise.resolve({ id: 'brk_1', ...request, createdAt: new Date(), hit: 0 });
  }

  issue(): Promise<IssueResult> {
    return Promise.reject(new Error('not asked for here'));
  }

  revoke(): Promise<RevokeResult> {
    return Promise.reject(new Error('not asked for here'));
  }

  forward(): Promise<VendorAnswer> {
    return Promise.reject(new Error('not asked for here'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const LONG = 'x'.repeat(300);

describe('BrakeService', () => {
  let broker: BrakingBroker;
  let brakes: BrakeService;

  beforeEach(() => {
    broker = new BrakingBroker();
    brakes = new BrakeService(broker);
  });

  it.each<[BrakeTarget, Omit<BrakeRequest, 'reason'>]>([
    ['all', { scope: 'all' }],
    [{ run: 'r1' }, { scope: 'run', target: 'r1' }],
    [{ user: 'u1' }, { scope: 'user', target: 'u1' }],
    [{ user: 42 }, { scope: 'user', target: '42' }],
    [
      { user: 'u1', tenant: 7 },
      { scope: 'user', target: 'u1', tenantId: '7' },
    ],
    [
      { user: 'u1', tenant: undefined },
      { scope: 'user', target: 'u1' },
    ],
    [
      { run: 'r1', tenant: 't1' },
      { scope: 'run', target: 'r1', tenantId: 't1' },
    ],
    [{ tenant: 't1' }, { scope: 'tenant', target: 't1' }],
    [{ tool: 'Tools.charge' }, { scope: 'tool', target: 'Tools.charge' }],
    [{ vendor: 'stripe' }, { scope: 'vendor', target: 'stripe' }],
    [{ key: 'vk_1' }, { scope: 'key', target: 'vk_1' }],
    [{ user: LONG }, { scope: 'user', target: subjectId(LONG) }],
  ])('%j is one scope', async (target, request) => {
    await brakes.stop(target, 'why');
    expect(broker.requests).toEqual([{ ...request, reason: 'why' }]);
  });

  it('a brake may have an end', async () => {
    await brakes.stop('all', 'why', { expiresIn: '1h' });
    expect(broker.requests).toEqual([{ scope: 'all', reason: 'why', expiresIn: '1h' }]);
  });

  it.each<[unknown, RegExp]>([
    [{}, /exactly one scope.*it names none/],
    [undefined, /exactly one scope/],
    [null, /exactly one scope/],
    ['everything', /exactly one scope/],
    [{ user: 'u1', run: 'r1' }, /it names user and run/],
    [{ key: 'vk_1', tenant: 't1' }, /it names key and tenant/],
    [{ tenant: undefined }, /it names none/],
    // A caller that stops a user without an id does not mean to stop the whole tenant.
    [{ user: undefined, tenant: 't1' }, /user is undefined/],
    [{ users: ['u1'] }, /unknown scope "users"/],
    [{ user: '' }, /target\.user must be a string that is not blank, or an integer/],
    [{ user: 1.5 }, /target\.user must be/],
    [{ run: null }, /target\.run must be/],
    [{ user: 'u1', tenant: null }, /target\.tenant must be/],
  ])('%j is refused, and nothing is asked of the broker', async (target, message) => {
    const stopped = brakes.stop(target as BrakeTarget, 'why');
    await expect(stopped).rejects.toBeInstanceOf(CallRefusedException);
    await expect(stopped).rejects.toThrow(message);
    expect(broker.requests).toEqual([]);
  });
});
