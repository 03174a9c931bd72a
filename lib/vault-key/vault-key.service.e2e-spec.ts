import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { ClsServiceManager } from 'nestjs-cls';
import { BrokerClient } from '../broker-client/broker-client';
import type {
  BrokerDialect,
  IssueKeyRequest,
  IssueResult,
  KeyState,
  RevokeResult,
  VendorAnswer,
} from '../broker-client/broker-client';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { CurrentVaultKey } from './current-vault-key';
import { GracefulStop } from './graceful-stop';
import { InstanceLease } from './instance-lease';
import type { KeyTerms } from './key-terms';
import { RevocationQueue } from './revocation-queue';
import { InvocationOpener } from './invocation-opener';
import { VaultKeyService } from './vault-key.service';

class BookBroker extends BrokerClient {
  readonly issued: IssueKeyRequest[] = [];
  readonly revoked: string[] = [];
  refusal: Extract<IssueResult, { issued: false }> | undefined;
  /** What happened to leases and revocations, in its order. */
  readonly order: string[] = [];
  readonly lapsed = new Set<string>();
  stands: KeyState = { braked: false, caps: [] };
  lease: (() => Promise<string>) | undefined;

  constructor(readonly dialect: BrokerDialect) {
    super();
  }

  issue(request: IssueKeyRequest): Promise<IssueResult> {
    if (this.refusal !== undefined) return Promise.resolve(this.refusal);
    if (request.leaseId !== undefined && this.lapsed.has(request.leaseId)) {
      const error = new VaultKeyUnavailableException({ message: 'The lease has lapsed.' });
      return Promise.resolve({ issued: false, error, leaseRefused: true });
    }
    this.issued.push(request);
    const id = `vk_${this.issued.length}`;
    const key = { id, token: `vault_key_secret_${id}`, expiresAt: new Date(Date.now() + 60_000) };
    return Promise.resolve({ issued: true, key });
  }

  revoke(ids: readonly string[]): Promise<RevokeResult> {
    this.revoked.push(...ids);
    this.order.push(`revoke ${ids.join()}`);
    return Promise.resolve({ ended: ids, failed: [] });
  }

  forward(): Promise<VendorAnswer> {
    return Promise.reject(new Error('not asked for here'));
  }

  override beginLease(): Promise<string> {
    this.#leases++;
    return this.lease?.() ?? Promise.resolve(`lease_${this.#leases}`);
  }

  override endLease(id: string): Promise<void> {
    this.order.push(`end ${id}`);
    return Promise.resolve();
  }

  override keyState(): Promise<KeyState> {
    return Promise.resolve(this.stands);
  }

  close(): Promise<void> {
    this.order.push('close');
    return Promise.resolve();
  }

  #leases = 0;
}

const POLICY = { dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] };

describe('VaultKeyService', () => {
  const current = new CurrentVaultKey();
  let broker: BookBroker;
  let queue: RevocationQueue;
  let service: VaultKeyService;

  function speaking(dialect: BrokerDialect, terms: KeyTerms = {}): void {
    broker = new BookBroker(dialect);
    const stop = new GracefulStop();
    queue = new RevocationQueue(broker, terms.lease, stop);
    service = new VaultKeyService(new InvocationOpener(broker, queue, terms, stop));
  }

  function leasing(): void {
    speaking('vault-key');
    const lease = new InstanceLease(broker, 30);
    const stop = new GracefulStop();
    queue = new RevocationQueue(broker, lease, stop);
    service = new VaultKeyService(new InvocationOpener(broker, queue, { lease }, stop));
  }

  beforeEach(() => speaking('vault-key'));

  it('work runs under a key of its own, and what it returns is returned', async () => {
    const user = await service.run(
      POLICY,
      async (key) => {
        await Promise.resolve();
        expect(current.get()).toBe(key);
        expect(current.get('stripe')).toBe(key);
        return key.userId;
      },
      { userId: 42, runId: 'job:1', tenantId: 't1' },
    );
    expect(user).toBe('42');
    expect(broker.issued).toEqual([
      {
        label: 'nest-42-job:1',
        vendor: 'stripe',
        dailyUsdCap: 5,
        allowedEndpoints: ['/v1/refunds'],
        expiresIn: '5m',
        subject: { userId: '42', runId: 'job:1', tenantId: 't1' },
      },
    ]);
    await queue.drain();
    expect(broker.revoked).toEqual(['vk_1']);
  });

  it('the key of work that throws is revoked, and the error is the work’s own', async () => {
    const error = new Error('no');
    await expect(
      service.run(POLICY, () => {
        throw error;
      }),
    ).rejects.toBe(error);
    await queue.drain();
    expect(broker.revoked).toEqual(['vk_1']);
  });

  it('outside an invocation there is no key', () => {
    expect(current.tryGet()).toBeUndefined();
    expect(() => current.get()).toThrow(VaultKeyMissingException);
    expect(() => current.get()).toThrow(expect.objectContaining({ reason: 'outside_invocation' }));
  });

  it('after its invocation a key is gone, even where the context still reaches', async () => {
    let later: Promise<unknown> | undefined;
    let release = (): void => undefined;
    await service.run(POLICY, () => {
      later = new Promise<void>((resolve) => (release = resolve)).then(() => {
        expect(current.tryGet()).toBeUndefined();
        return current.get();
      });
    });
    release();
    await expect(later).rejects.toMatchObject({ reason: 'invocation_ended' });
  });

  it("another vendor's key is no key", () =>
    service.run(POLICY, () => {
      expect(current.tryGet('acme')).toBeUndefined();
      expect(() => current.get('acme')).toThrow(
        expect.objectContaining({ reason: 'other_vendor' }),
      );
    }));

  it('invocations at once keep their keys apart', async () => {
    const ids = await Promise.all(
      Array.from({ length: 50 }, () =>
        service.run(POLICY, async (key) => {
          await Promise.resolve();
          expect(current.get()).toBe(key);
          return key.id;
        }),
      ),
    );
    expect(new Set(ids).size).toBe(50);
  });

  it('an invocation inside an invocation has its own key, under the outer one, on the same behalf', async () => {
    await service.run(
      POLICY,
      async (outer) => {
        await service.run({ ...POLICY, dailyUsdCap: 1 }, (inner) => {
          expect(inner.id).toBe('vk_2');
          expect(current.get()).toBe(inner);
        });
        expect(current.get()).toBe(outer);
        expect(outer.ended).toBe(false);
      },
      { userId: 'u1', runId: 'r1', tenantId: 't1', tool: 'refund' },
    );
    expect(broker.issued[1]).toMatchObject({
      parentId: 'vk_1',
      dailyUsdCap: 1,
      subject: { userId: 'u1', runId: 'r1', tenantId: 't1', tool: 'refund' },
    });
    await queue.drain();
    expect(broker.revoked.toSorted()).toEqual(['vk_1', 'vk_2']);
  });

  it("an invocation for another vendor keeps the outer vendor's key in reach", () =>
    service.run(POLICY, (outer) =>
      service.run({ dailyUsdCap: 1, allowedEndpoints: ['/v2/orders'], vendor: 'acme' }, (inner) => {
        // What it spends counts against the outer key's cap too.
        expect(broker.issued[1]).toHaveProperty('parentId', outer.id);
        expect(current.get()).toBe(inner);
        expect(current.get('stripe')).toBe(outer);
      }),
    ));

  it('a Keybrake server knows no parents: the outer key is used, and lives on', async () => {
    speaking('keybrake');
    await service.run(POLICY, async (outer) => {
      await service.run(POLICY, (inner) => expect(inner).toBe(outer));
      expect(current.get()).toBe(outer);
    });
    expect(broker.issued).toHaveLength(1);
    await queue.drain();
    expect(broker.revoked).toEqual(['vk_1']);
  });

  it('a policy that is invalid stops the invocation before a key is asked for', async () => {
    const work = jest.fn();
    const bad = { dailyUsdCap: -1, allowedEndpoints: ['/v1/**'], expiresIn: '5 minutes' };
    await expect(service.run(bad, work)).rejects.toMatchObject({
      constructor: VaultKeyUnavailableException,
      message: expect.stringMatching(/dailyUsdCap .*allowedEndpoints\[0\].*expiresIn/s),
    });
    expect(work).not.toHaveBeenCalled();
    expect(broker.issued).toHaveLength(0);
  });

  it('work that an invocation has left behind is still its user’s', async () => {
    let left: Promise<unknown> = Promise.resolve();
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const identity = { userId: 'u1', runId: 'r1', tenantId: 't1' };
    await service.run(
      POLICY,
      () => {
        left = ended.then(() => service.run(POLICY, () => undefined));
      },
      identity,
    );
    end();
    await left;
    expect(broker.issued.map(({ subject, parentId }) => [subject, parentId])).toEqual([
      [identity, undefined],
      [identity, undefined],
    ]);
  });

  it('an identity that is invalid stops the invocation', async () => {
    await expect(
      service.run(POLICY, jest.fn(), { userId: 1.5, runId: 'a b' }),
    ).rejects.toMatchObject({
      code: 'invalid_identity',
      message: expect.stringMatching(/userId.*runId/),
    });
  });

  it('where no key can be issued the work does not begin, and what the answer named is revoked', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const error = new VaultKeyUnavailableException({ message: 'The broker answered 500.' });
    broker.refusal = { issued: false, error, keyId: 'vk_named' };
    const work = jest.fn();
    await expect(service.run(POLICY, work)).rejects.toBe(error);
    expect(work).not.toHaveBeenCalled();
    expect(queue.activeInvocations).toBe(0);
    await queue.drain();
    expect(broker.revoked).toEqual(['vk_named']);
    warn.mockRestore();
  });

  it('once the application is shut down no key is asked for, since nobody would revoke it', async () => {
    await queue.onApplicationShutdown();
    const work = jest.fn();
    await expect(service.run(POLICY, work)).rejects.toThrow('shutting down');
    await expect(service.issue(POLICY)).rejects.toThrow('shutting down');
    expect(work).not.toHaveBeenCalled();
    expect(broker.issued).toEqual([]);
  });

  it('a lost answer is a warning', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const error = new VaultKeyUnavailableException({ message: 'Lost.', keyMayExist: true });
    broker.refusal = { issued: false, error };
    await expect(service.issue(POLICY)).rejects.toBe(error);
    expect(warn).toHaveBeenCalledWith(
      expect.stringContaining('The broker may have a key whose token was lost; it ends after 5m.'),
      { agentRun: expect.any(String) },
    );
    warn.mockRestore();
  });

  it('a key that an earlier attempt may have left is a warning too', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const issue = broker.issue.bind(broker);
    broker.issue = async (request) => {
      const result = await issue(request);
      return result.issued ? { ...result, earlierKeyMayExist: true } : result;
    };
    const key = await service.issue(POLICY);
    expect(warn.mock.calls).toEqual([
      [
        'A request for a vault key was repeated, since its connection broke. The broker may have a key whose token was lost; it ends after 5m.',
        { agentRun: key.runId, keyId: key.id },
      ],
    ]);
    warn.mockRestore();
  });

  it('a key issued by hand is revoked by hand, once', async () => {
    const key = await service.issue(POLICY, { userId: 'u1' });
    expect(current.tryGet()).toBeUndefined();
    service.revoke(key);
    service.revoke(key);
    expect(key.ended).toBe(true);
    await queue.drain();
    expect(broker.revoked).toEqual(['vk_1']);
  });

  it('a key that its handler ended early is revoked all the same', async () => {
    await service.run(POLICY, (key) => key.end());
    await queue.drain();
    expect(broker.revoked).toEqual(['vk_1']);
  });

  it('the token shows masked wherever a key is printed', async () => {
    const key = await service.issue(POLICY);
    expect(key.token).toBe('vault_key_secret_vk_1');
    for (const shown of [
      inspect(key),
      inspect({ key }, { depth: 9 }),
      JSON.stringify(key),
      key.toString(),
    ]) {
      expect(shown).not.toContain('secret');
    }
  });

  it('the budgets of the application go with every key, an inner one too', async () => {
    speaking('vault-key', { budgets: { user: 500, run: 50 } });
    await service.run(POLICY, () => service.run(POLICY, () => undefined));
    expect(broker.issued.map(({ budgets }) => budgets)).toEqual([
      { user: 500, run: 50 },
      { user: 500, run: 50 },
    ]);
  });

  describe('with a lease', () => {
    let warn: jest.SpyInstance;

    beforeEach(() => {
      warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
      leasing();
    });

    afterEach(async () => {
      await queue.onApplicationShutdown();
      warn.mockRestore();
    });

    it('all keys are issued under the one lease', async () => {
      await service.run(POLICY, () => service.run(POLICY, () => undefined));
      await service.issue(POLICY);
      expect(broker.issued.map(({ leaseId }) => leaseId)).toEqual([
        'lease_1',
        'lease_1',
        'lease_1',
      ]);
    });

    it('where none can be obtained no key is asked for, and the work does not begin', async () => {
      broker.lease = () =>
        Promise.reject(new VaultKeyUnavailableException({ message: 'The broker is away.' }));
      const work = jest.fn();
      await expect(service.run(POLICY, work)).rejects.toMatchObject({
        code: 'vault_key_unavailable',
        message: 'The broker is away.',
      });
      expect(work).not.toHaveBeenCalled();
      expect(broker.issued).toEqual([]);
      expect(queue.activeInvocations).toBe(0);
    });

    it('a key that is refused for its lapsed lease is asked for under a new one', async () => {
      await service.run(POLICY, () => undefined);
      broker.lapsed.add('lease_1');
      await Promise.all([
        service.run(POLICY, () => undefined),
        service.run(POLICY, () => undefined),
      ]);
      expect(broker.issued.slice(1).map(({ leaseId }) => leaseId)).toEqual(['lease_2', 'lease_2']);
    });

    it('a broker that takes no lease gets asked twice and no more', async () => {
      for (let i = 1; i < 9; i++) broker.lapsed.add(`lease_${i}`);
      await expect(service.run(POLICY, jest.fn())).rejects.toThrow('The lease has lapsed.');
      expect(broker.issued).toEqual([]);
    });

    it('a lost answer is a warning that names both ends', async () => {
      const error = new VaultKeyUnavailableException({ message: 'Lost.', keyMayExist: true });
      broker.refusal = { issued: false, error };
      await expect(service.issue(POLICY)).rejects.toBe(error);
      expect(warn).toHaveBeenCalledWith(
        expect.stringContaining("it ends with this application's lease, at most after 5m."),
        { agentRun: expect.any(String) },
      );
    });

    it('on shutdown keys are revoked, then the lease ends, then the broker is let go', async () => {
      await service.run(POLICY, () => undefined);
      await queue.onApplicationShutdown();
      expect(broker.order).toEqual(['revoke vk_1', 'end lease_1', 'close']);
    });
  });

  describe('remaining()', () => {
    const cap = (scope: string, remaining: number) => ({
      scope,
      cap: 10,
      spent: 10 - remaining,
      held: 0,
      remaining,
    });

    it('is the tightest of all caps over the invocation', () =>
      service.run(POLICY, async () => {
        const caps = [cap('key', 8), cap('parent', -1), cap('user', 3), cap('run', 3)];
        broker.stands = { braked: false, caps };
        expect(await current.remaining()).toEqual({ ...cap('parent', -1), caps });
      }));

    it('is nothing where an operator has stopped the agent run', () =>
      service.run(POLICY, async () => {
        broker.stands = { braked: true, caps: [cap('key', 8)] };
        await expect(current.remaining()).rejects.toMatchObject({ code: 'agent_braked' });
      }));

    it('is not asked outside an invocation', async () => {
      await expect(current.remaining()).rejects.toBeInstanceOf(VaultKeyMissingException);
    });
  });

  it("a context that overrides the invocation's own has no key, and the error says so; one that inherits has", async () => {
    const cls = ClsServiceManager.getClsService();
    await service.run(POLICY, (key) => {
      expect(cls.run({ ifNested: 'inherit' }, () => current.get())).toBe(key);
      cls.run({ ifNested: 'override' }, () => {
        expect(() => current.get()).toThrow("ifNested: 'override'");
      });
    });
  });
});
