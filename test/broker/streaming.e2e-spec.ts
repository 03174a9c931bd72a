import { connect } from 'node:net';
import { once } from 'node:events';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { RecordingVendor } from './recording-vendor';

const MIB = 1024 * 1024;
/** More than the buffers of the system between vendor, broker and client can take. */
const UNREADABLE = Buffer.alloc(32 * MIB, 'x');
const PAYMENT = 'amount=100&currency=usd';

let vendor: StripeVendor;
let broker: BrokerProcess;
let key: IssuedKey;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerProcess.start({
    vendor,
    probe: true,
    env: { VAULT_KEY_VENDOR_TIMEOUT: '20s' },
  });
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  key = await broker.issue();
});

/** Asks until it is so: what a broker does after its client has gone has no other witness. */
async function eventually(check: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`It never came to be that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const isSettled =
  (of = key, by = broker) =>
  async () =>
    (await by.money(of)).held === 0 && (await by.money(of)).spent > 0;

describe('a 100 MiB answer', () => {
  it('goes out as it comes in, at the reader’s pace, in a heap that does not grow', async () => {
    vendor.next('POST /v1/payment_intents', { stream: { bytes: 100 * MIB } });
    const before = await broker.memory();
    const answer = await broker.open(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
    let bytes = 0;
    let mostHeap = 0;
    let mostBuffers = 0;
    for await (const chunk of answer) {
      if (bytes === 0) {
        // The first byte is here, and the vendor is not done.
        expect(vendor.book.entries[0]?.answer).toBe('pending');
        // A reader that stands still for a while must not make the broker store what comes.
        for (let i = 0; i < 5; i++) await watch();
      }
      const mibBefore = Math.floor(bytes / (20 * MIB));
      bytes += (chunk as Buffer).length;
      if (Math.floor(bytes / (20 * MIB)) > mibBefore) await watch();
    }
    expect(bytes).toBe(100 * MIB);
    expect(mostHeap).toBeLessThan(16 * MIB);
    expect(mostBuffers).toBeLessThan(16 * MIB);
    expect(vendor.book.entries[0]?.answer).toBe('complete');
    expect(await broker.money(key)).toEqual({ spent: 1, held: 0, remaining: 99 });

    async function watch(): Promise<void> {
      const memory = await broker.memory();
      mostHeap = Math.max(mostHeap, memory.heapUsed - before.heapUsed);
      mostBuffers = Math.max(mostBuffers, memory.external - before.external);
    }
  });

  it('is followed to its end and settled where the client hangs up in the middle', async () => {
    vendor.next('POST /v1/payment_intents', { stream: { bytes: 100 * MIB } });
    const answer = await broker.open(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
    await once(answer, 'readable');
    answer.destroy();
    await eventually(isSettled(), 'the call was settled');
    expect(vendor.book.entries[0]?.answer).toBe('complete');
    expect(await broker.money(key)).toEqual({ spent: 1, held: 0, remaining: 99 });
  });
});

describe('a client that goes away', () => {
  it('before the vendor answers, leaves a call that is settled all the same', async () => {
    const held = vendor.hold('POST /v1/payment_intents');
    const { hostname, port } = new URL(broker.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /stripe/v1/payment_intents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key.token}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${PAYMENT.length}\r\n\r\n${PAYMENT}`,
    );
    await held.arrived;
    expect((await broker.money(key)).held).toBe(1);
    socket.destroy();
    held.release();
    await eventually(isSettled(), 'the call was settled');
    expect(vendor.book.entries[0]?.answer).toBe('complete');
  });

  it('before its body is whole, leaves nothing behind and sends nothing', async () => {
    const { hostname, port } = new URL(broker.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /stripe/v1/payment_intents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key.token}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n${PAYMENT}`,
      () => socket.destroy(),
    );
    await once(socket, 'close');
    await broker.call(key.token, 'GET', '/v1/payment_intents');
    expect(await broker.money(key)).toEqual({ spent: 0, held: 0, remaining: 100 });
    expect(vendor.calls('POST /v1/payment_intents')).toEqual([]);
  });
});

describe('who would wedge the broker', () => {
  let slow: RecordingVendor;
  let brief: BrokerProcess;
  let own: IssuedKey;
  beforeAll(async () => {
    slow = await RecordingVendor.start();
    brief = await BrokerProcess.start({ vendor: slow, env: { VAULT_KEY_VENDOR_TIMEOUT: '2s' } });
  });
  afterAll(() => slow.close());
  beforeEach(async () => {
    slow.reset();
    own = await brief.issue();
  });

  it('a client that never reads loses its answer, and its call is settled', async () => {
    slow.respond = (_req, res) => void res.end(UNREADABLE);
    const answer = await brief.open(own.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
    await eventually(isSettled(own, brief), 'the call was settled');
    // What was in the buffers on the way comes, and then never a clean end.
    await expect(
      (async () => {
        for await (const chunk of answer) void chunk;
      })(),
    ).rejects.toThrow(/aborted/);
  });

  it('a vendor that never ends its answer keeps no call for good once the client has gone', async () => {
    let closed = false;
    slow.respond = (_req, res) => {
      res.writeHead(200);
      const timer = setInterval(() => res.write('x'), 20);
      res.on('close', () => {
        closed = true;
        clearInterval(timer);
      });
    };
    const answer = await brief.open(own.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
    await once(answer, 'readable');
    answer.destroy();
    await eventually(isSettled(own, brief), 'the call was settled');
    await eventually(async () => closed, 'the vendor’s connection was closed');
  });

  it('a vendor that goes silent in the middle of an answer: cut short, settled as held', async () => {
    slow.respond = (_req, res) => void res.writeHead(200).write('{"id":');
    await expect(
      brief.call(own.token, 'POST', '/v1/payment_intents', { body: PAYMENT }),
    ).rejects.toThrow();
    expect(await brief.money(own)).toEqual({ spent: 1, held: 0, remaining: 99 });
  });

  it('a body refused half read stands in no later request’s way', async () => {
    const { hostname, port } = new URL(brief.url);
    const socket = connect(Number(port), hostname);
    const head = (length: number, more = '') =>
      `POST /stripe/v1/payment_intents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${own.token}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n${more}\r\n`;
    socket.write(
      head(MIB) + 'x'.repeat(MIB) + head(PAYMENT.length, 'Connection: close\r\n') + PAYMENT,
    );
    let text = '';
    for await (const chunk of socket) text += (chunk as Buffer).toString();
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
    expect(slow.received).toHaveLength(1);
  });
});
