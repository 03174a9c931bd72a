import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { IssuedKey } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import { until } from '../support/until';
import { RecordingVendor } from './recording-vendor';

const PATIENCE_MS = 60_000;

let vendor: RecordingVendor;
let broker: BrokerServer;
/** The lines of its log. */
let lines: string[];
let key: IssuedKey;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  lines = [];
  const log = (line: string): void => void lines.push(line);
  broker = await BrokerServer.start(vendor, { host: { log }, server: { log } });
  key = await broker.issue();
});

/** How many calls the broker has counted, by verdict, once there are so many. */
async function counted(count: number): Promise<Record<string, number>> {
  let verdicts: Record<string, number> = {};
  await until(
    async () => {
      const { text } = await broker.api('GET', '/metrics');
      const samples = text.matchAll(/^vault_key_calls_total\{.*verdict="(\w+)"\} (\d+)$/gm);
      verdicts = Object.fromEntries([...samples].map(([, code, n]) => [code, Number(n)]));
      return Object.values(verdicts).reduce((sum, n) => sum + n, 0) === count;
    },
    () => JSON.stringify(verdicts),
    PATIENCE_MS,
  );
  return verdicts;
}
async function callTo(lines: readonly string[], body: string): Promise<Socket> {
  const { hostname, port } = new URL(broker.url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  await once(socket, 'connect');
  const head = ['Host: a', `Authorization: Bearer ${key.token}`, ...lines].join('\r\n');
  socket.write(`POST /stripe/v1/payment_intents HTTP/1.1\r\n${head}\r\n\r\n${body}`);
  return socket;
}
const FORM = 'Content-Type: application/x-www-form-urlencoded';
const leave = {
  'with a reset': (socket: Socket) => socket.resetAndDestroy(),
  'with an orderly end': (socket: Socket) => socket.destroy(),
  'while it still listens': (socket: Socket) => socket.end(),
};

describe.each(Object.entries(leave))('a caller that goes away %s', (_how, go) => {
  it.each([
    ['a body of a known length', ['Content-Length: 100']],
    ['a chunked body', ['Transfer-Encoding: chunked']],
  ])('in the middle of %s is counted as that, and is no line of the log', async (_body, length) => {
    const half = await callTo([FORM, ...length], '5\r\namo');
    // What a later call has done, the broker has seen after the half one.
    await broker.call(key.token, 'GET', '/v1/payment_intents');
    go(half);
    expect(await counted(2)).toEqual({ caller_gone: 1, forwarded: 1 });
    const { text } = await broker.api('GET', '/metrics');
    expect(text).not.toContain('vault_key_unknown_caller_refusals_total{');
    expect(lines).toEqual([]);
    expect((await broker.api('GET', '/v1/audit?event=refusal')).body.entries).toEqual([]);
    expect(await broker.money(key)).toEqual({ spent: 0, held: 0, remaining: 100 });
  });

  it('before its answer has come has made a call like any other', async () => {
    const reached = new Promise<() => void>((resolve) => {
      vendor.respond = (_req, res) => resolve(() => res.end('{}'));
    });
    const body = 'amount=100&currency=usd';
    const socket = await callTo([FORM, `Content-Length: ${body.length}`], body);
    const answer = await reached;
    go(socket);
    // Another connection's request comes to the broker after the end of this one.
    await broker.api('GET', '/v1/keys');
    answer();
    expect(await counted(1)).toEqual({ forwarded: 1 });
    await until(
      async () => (await broker.money(key)).spent === 1,
      () => 'the call was not settled',
      PATIENCE_MS,
    );
    const { text } = await broker.api('GET', '/metrics');
    expect(text).not.toContain('vault_key_unknown_caller_refusals_total{');
    expect(lines).toEqual([]);
  });
});
