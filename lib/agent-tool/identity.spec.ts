import { CallRefusedException } from '../exceptions/call-refused.exception';
import { runIdOf, userIdOf } from './identity';

describe('userIdOf', () => {
  it.each([
    [undefined, 'anon'],
    [null, 'anon'],
    [{ id: 'u1', userId: 'u2', sub: 'u3' }, 'u1'],
    [{ id: 7 }, '7'],
    [{ id: 7n }, '7'],
    [{ id: { value: 1 }, userId: 'u2' }, 'u2'],
    [{ id: '', sub: 'u3' }, 'u3'],
    [{ id: 1.5, sub: 'u3' }, 'u3'],
  ])('request.user %p is %p', (user, id) => {
    expect(userIdOf({ headers: {}, user })).toBe(id);
  });

  it.each([[{}], [{ id: Symbol('u') }], [{ name: 'Ada' }], ['Ada'], [true]])(
    'a user that cannot be told apart (%p) is an error naming identify',
    (user) => {
      expect(() => userIdOf({ headers: {}, user })).toThrow(
        expect.objectContaining({
          constructor: CallRefusedException,
          code: 'invalid_identity',
          message: expect.stringContaining('identify'),
        }),
      );
    },
  );
});

describe('runIdOf', () => {
  it('is what the header says', () => {
    expect(runIdOf({ headers: { 'x-agent-run-id': 'Run_1.2:3-4' } })).toBe('Run_1.2:3-4');
  });

  it('is a new one of 16 hexadecimal digits where the header is absent', () => {
    const ids = Array.from({ length: 100 }, () => runIdOf({ headers: {} }));
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(new Set(ids).size).toBe(100);
  });

  it.each([[''], [' '], ['a/b'], ['é'], ['x'.repeat(129)], [['a', 'b']]])(
    '%p is refused as invalid_run_id',
    (runId) => {
      expect(() => runIdOf({ headers: { 'x-agent-run-id': runId } })).toThrow(
        expect.objectContaining({ code: 'invalid_run_id' }),
      );
    },
  );
});
