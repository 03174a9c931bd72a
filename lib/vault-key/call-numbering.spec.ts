import * as fc from 'fast-check';
import { CallNumbering } from './call-numbering';
import type { NumberedCall } from './call-numbering';
import { anyText } from '../../test/support/any-text';

const text = anyText({ maxLength: 300 });
const call: fc.Arbitrary<NumberedCall> = fc.record({
  method: fc.constantFrom('POST', 'DELETE', 'PUT'),
  path: text,
  body: fc.option(text, { nil: undefined }),
});
/** Few enough that calls equal each other. */
const fewCalls = fc.array(
  fc.record({
    method: fc.constantFrom('POST', 'DELETE'),
    path: fc.constantFrom('/v1/charges', '/v1/refunds'),
    body: fc.constantFrom(undefined, 'amount=100', 'amount=200'),
  }),
  { maxLength: 20 },
);

function keysOf(work: string, calls: readonly NumberedCall[], origin?: string): string[] {
  const numbering = new CallNumbering(work, origin);
  return calls.map((each) => numbering.keyFor(each));
}

describe('the idempotency keys of work that may be done again', () => {
  it('are 1 to 255 visible ASCII characters, whatever the work and its calls are named', () => {
    fc.assert(
      fc.property(text, fc.array(call, { maxLength: 5 }), text, (work, calls, origin) => {
        for (const key of keysOf(work, calls, origin)) expect(key).toMatch(/^[\x21-\x7e]{1,255}$/);
      }),
    );
  });

  it('are the same when the same calls are made in the same order again', () => {
    fc.assert(
      fc.property(text, fewCalls, (work, calls) => {
        expect(keysOf(work, calls)).toEqual(keysOf(work, calls));
      }),
    );
  });

  it('are the same for each call in whatever order unequal calls are made', () => {
    fc.assert(
      fc.property(
        text,
        fewCalls.chain((calls) =>
          fc.tuple(
            fc.constant(calls),
            fc.shuffledSubarray(calls, { minLength: calls.length, maxLength: calls.length }),
          ),
        ),
        (work, [calls, shuffled]) => {
          expect(new Set(keysOf(work, shuffled))).toEqual(new Set(keysOf(work, calls)));
        },
      ),
    );
  });

  it('never repeat within one attempt', () => {
    fc.assert(
      fc.property(text, fewCalls, (work, calls) => {
        expect(new Set(keysOf(work, calls)).size).toBe(calls.length);
      }),
    );
  });

  it('are never those of other work, however the two are named', () => {
    fc.assert(
      fc.property(text, text, fewCalls, fewCalls, (one, other, calls, others) => {
        fc.pre(one !== other);
        const own = new Set(keysOf(one, calls));
        expect(keysOf(other, others).filter((key) => own.has(key))).toEqual([]);
      }),
    );
  });

  it('of work that is named by its hash are not those of work that is named like the hash', () => {
    const [key = ''] = keysOf('Überweisung:1', [{ method: 'POST', path: '/v1/charges' }]);
    const [prefix = ''] = key.split(':');
    expect(prefix).toMatch(/^sha256-[0-9a-f]{64}$/);
    expect(keysOf(prefix, [{ method: 'POST', path: '/v1/charges' }])).not.toEqual([key]);
  });

  it('differ for calls that differ in method, path or body', () => {
    fc.assert(
      fc.property(call, call, (one, other) => {
        fc.pre(
          one.method !== other.method ||
            one.path !== other.path ||
            (one.body ?? '') !== (other.body ?? ''),
        );
        expect(keysOf('charges:1', [one])).not.toEqual(keysOf('charges:1', [other]));
      }),
    );
  });

  it('read <work>:<hash>:<n>', () => {
    const post = { method: 'POST', path: '/v1/charges', body: 'amount=100' };
    const [first, second] = keysOf('charges:7', [post, post]);
    expect(first).toMatch(/^charges:7:[0-9a-f]{32}:1$/);
    expect(second).toBe(first!.replace(/1$/, '2'));
  });

  it('differ for work of one name and different origin', () => {
    const post = { method: 'POST', path: '/v1/charges' };
    const [monday] = keysOf('charges:7', [post], 'monday');
    const [tuesday] = keysOf('charges:7', [post], 'tuesday');
    expect(monday).not.toBe(tuesday);
    expect(tuesday).toMatch(/^charges:7:[0-9a-f]{32}:1$/);
  });

  it('differ for equal calls at two accounts, so that neither counts for the other', () => {
    const post = { method: 'POST', path: '/v1/charges' };
    const both = ['stripe-acme', 'stripe-globex'].map((vendor) => ({ ...post, vendor }));
    const [acme, globex] = keysOf('charges:7', both);
    expect(acme).not.toBe(globex);
    // A retry that has one of them alone gives it the key that it had.
    expect(keysOf('charges:7', [both[1]!])).toEqual([globex]);
  });

  it("are one for all attempts of a client at one call, told by the client's own key", () => {
    const numbering = new CallNumbering('charges:7');
    const post = { method: 'POST', path: '/v1/charges', body: 'amount=100' };
    const first = numbering.keyFor({ ...post, generatedKey: 'own-1' });
    const second = numbering.keyFor({ ...post, generatedKey: 'own-2' });
    expect(numbering.keyFor({ ...post, generatedKey: 'own-1' })).toBe(first);
    expect(numbering.keyFor({ ...post, generatedKey: 'own-2' })).toBe(second);
    expect(numbering.keyFor(post)).toMatch(/:3$/);
    expect(first).toMatch(/:1$/);
    expect(second).toMatch(/:2$/);
  });
});
