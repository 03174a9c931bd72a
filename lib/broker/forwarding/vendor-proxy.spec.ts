import { proxyFor } from './vendor-proxy';

const hostOf = (vendor: string, env: Record<string, string>) => {
  const proxy = proxyFor(new URL(vendor), env);
  return proxy === undefined ? undefined : 'url' in proxy ? proxy.url.host : proxy.fault;
};
const STRIPE = 'https://api.stripe.com';
const PROXY = 'http://user:secret@proxy.test:3128';

describe('the proxy for a vendor', () => {
  it('is the one that HTTPS_PROXY names, for https vendors beyond this machine alone', () => {
    for (const name of ['HTTPS_PROXY', 'https_proxy']) {
      expect(hostOf(STRIPE, { [name]: PROXY })).toBe('proxy.test:3128');
      for (const near of [
        'http://127.0.0.1:80',
        'https://localhost:1',
        'https://127.0.0.2',
        'https://[::1]',
      ]) {
        expect([near, hostOf(near, { [name]: PROXY })]).toEqual([near, undefined]);
      }
    }
    expect(hostOf(STRIPE, {})).toBeUndefined();
    expect(hostOf(STRIPE, { HTTPS_PROXY: '' })).toBeUndefined();
    expect(hostOf(STRIPE, { HTTP_PROXY: PROXY, ALL_PROXY: PROXY })).toBeUndefined();
  });

  it.each([
    'api.stripe.com',
    'stripe.com',
    '.stripe.com',
    '*.stripe.com',
    'API.Stripe.com',
    '*',
    'localhost, stripe.com',
    'localhost stripe.com:443',
  ])('is not used where NO_PROXY is %j', (list) => {
    expect(hostOf(STRIPE, { HTTPS_PROXY: PROXY, NO_PROXY: list })).toBeUndefined();
    expect(hostOf(STRIPE, { HTTPS_PROXY: PROXY, no_proxy: list })).toBeUndefined();
  });

  it.each([
    '',
    ',',
    'localhost',
    'ripe.com',
    '.api.stripe.com',
    'stripe.com:8443',
    'stripe.com.test',
  ])('stays where NO_PROXY is %j', (list) => {
    expect(hostOf(STRIPE, { HTTPS_PROXY: PROXY, NO_PROXY: list })).toBe('proxy.test:3128');
  });

  it.each([
    'proxy.test:3128',
    'socks5://proxy.test',
    'http://proxy.test/path',
    'http://%zz@proxy.test',
    'no',
  ])('cannot be %j', (text) => {
    expect(hostOf(STRIPE, { HTTPS_PROXY: text })).toContain('must be a URL such as');
  });
});
