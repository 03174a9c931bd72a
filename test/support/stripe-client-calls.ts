import Stripe from 'stripe';

/** The ids that each call is made with; a path shows `*` in their place. */
const IDS = ['id_1', 'id_2', 'id_3'];

/**
 * Every call but GET that the installed `stripe` client can make of Stripe's v1, by method and path
 * below `/v1/`: each method of each resource is called once, and what it would send is written down.
 */
export async function writingCallsOfClient(): Promise<string[]> {
  const calls = new Set<string>();
  const stripe = new Stripe('sk_test_none', {
    maxNetworkRetries: 0,
    httpClient: {
      getClientName: () => 'recorder',
      makeRequest(_host: string, _port: string, path: string, method: string) {
        const [target = ''] = path.split('?');
        if (method !== 'GET' && target.startsWith('/v1/')) {
          const parts = target.slice('/v1/'.length).split('/');
          const pattern = parts.map((part) => (IDS.includes(part) ? '*' : part)).join('/');
          calls.add(`${method} ${pattern}`);
        }
        return Promise.reject(new Error('only written down'));
      },
    } as unknown as NonNullable<Stripe.StripeConfig['httpClient']>,
  });
  for (const resource of resourcesIn(stripe)) {
    for (const method of methodsOf(resource)) {
      // Each takes its ids, then its parameters and its options.
      const ids = IDS.slice(0, Math.max(0, method.length - 2));
      const given = [...ids, parametersFor(method), { apiVersion: Stripe.API_VERSION }];
      const call = (async () => method.apply(resource, given))();
      await call.catch(() => undefined);
    }
  }
  return [...calls];
}

type Method = (...given: unknown[]) => unknown;

/** Only a file must be there before anything is sent. */
function parametersFor({ name }: Method): Record<string, unknown> {
  return name === 'create' ? { file: { data: 'x', name: 'x', type: 'x' } } : {};
}

function* resourcesIn(holder: object): Generator<object> {
  for (const [key, value] of Object.entries(holder) as [string, unknown][]) {
    if (typeof value !== 'object' || value === null || /^(?:_.*|stripe)$/.test(key)) continue;
    if (value.constructor.name.endsWith('Resource')) yield value;
    // A group of resources holds its client.
    if ('stripe' in value || '_stripe' in value) yield* resourcesIn(value);
  }
}

function methodsOf(resource: object): Method[] {
  const prototype = Object.getPrototypeOf(resource) as Record<string, unknown>;
  return Object.getOwnPropertyNames(prototype)
    .filter((name) => name !== 'constructor')
    .map((name) => prototype[name])
    .filter((method): method is Method => typeof method === 'function');
}
