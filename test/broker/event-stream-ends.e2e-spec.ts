import { Browser } from '../support/browser';
import { BrokerServer } from '../support/broker-server';
import { EventStream } from '../support/event-stream';
import { newOperator } from '../support/operators';
import { RecordingVendor } from './recording-vendor';

const ann = newOperator('admin', 'ann');
const vic = newOperator('viewer', 'vic');

let vendor: RecordingVendor;
let broker: BrokerServer;
const streams: EventStream[] = [];
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await broker.close();
});

async function stream(by: { token: string } | { session: string }): Promise<EventStream> {
  const opened = await EventStream.open({ url: broker.url, ...by });
  streams.push(opened);
  return opened;
}

/** A log-in at the page, and a stream that goes on because of it. */
async function page(token: string) {
  const browser = new Browser(broker.url);
  expect((await browser.logIn(token)).status).toBe(200);
  return { browser, events: await stream({ session: browser.sessionId }) };
}

/** Puts these operators in place of those before. */
function reload(operators: readonly { options: object }[]): void {
  const stripe = { secretKey: vendor.secretKey, baseUrl: vendor.url };
  broker.broker.reload({
    vendors: { stripe },
    operators: operators.map(({ options }) => options) as never,
  });
}

describe('the event stream ends', () => {
  beforeEach(async () => {
    broker = await BrokerServer.start(vendor, { operators: [ann.options, vic.options] });
  });

  it('with the session that it was opened in, and with no other', async () => {
    const [one, other] = [await page(ann.token), await page(ann.token)];
    expect((await one.browser.ask('DELETE', '/v1/session')).status).toBe(200);
    await one.events.ended();
    expect(other.events.isEnded).toBe(false);
  });

  it('where its browser logs in again', async () => {
    const { browser, events } = await page(ann.token);
    await browser.logIn(vic.token);
    await events.ended();
  });

  it("with its operator's token, and a session that began with it", async () => {
    const [direct, kept] = [await stream(vic), await stream(ann)];
    const { events } = await page(vic.token);
    reload([ann]);
    await Promise.all([direct.ended(), events.ended()]);
    expect(kept.isEnded).toBe(false);
    expect((await new Browser(broker.url).logIn(vic.token)).status).toBe(401);
  });

  it('before anything else is told to somebody who may not read on', async () => {
    const reader = await stream(vic);
    reload([ann]);
    await reader.ended();
    await broker.issue();
    expect(reader.events).toEqual([]);
  });
});

it("a session of the application's token ends once there are operators, with its stream", async () => {
  broker = await BrokerServer.start(vendor);
  const { browser, events } = await page(broker.token);
  const own = await stream({ token: broker.token });
  reload([ann]);
  await events.ended();
  expect((await browser.ask('GET', '/v1/session')).status).toBe(401);
  // The token itself reads on: it is a viewer's from now on.
  expect(own.isEnded).toBe(false);
});
