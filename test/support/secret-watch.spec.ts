import { SecretWatch } from './secret-watch';

it('a secret is found in a line, in an object, in an error and in its cause', () => {
  for (const shown of [
    'a line with s3cret in it',
    { deep: { down: { below: 's3cret' } } },
    new Error('s3cret'),
    new Error('outer', { cause: { headers: { authorization: 'Bearer s3cret' } } }),
  ]) {
    const watch = new SecretWatch();
    watch.addSecret('s3cret');
    watch.show(shown);
    expect(watch.leaks()).not.toEqual([]);
    expect(watch.leaks().join()).not.toContain('s3cret');
  }
});
