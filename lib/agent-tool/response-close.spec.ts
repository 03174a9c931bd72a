import { EventEmitter, once } from 'node:events';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { isClosed, onceClosed } from './response-close';
import type { ClosableResponse } from './response-close';

/** Gives the next response of a server, and a client that can hang up. */
interface Exchange {
  response: Promise<ClosableResponse & { end(): void }>;
  hangUp(): void;
}

const protocols: Record<string, () => { server: Server; ask(port: number): Exchange }> = {
  'HTTP/1': () => {
    const server = http.createServer();
    return {
      server,
      ask(port) {
        const response = once(server, 'request').then(([, res]) => res as http.ServerResponse);
        const request = http.get({ port, host: '127.0.0.1', agent: false });
        request.on('error', () => undefined);
        return { response, hangUp: () => request.destroy() };
      },
    };
  },
  'HTTP/2': () => {
    const server = http2.createServer();
    return {
      server,
      ask(port) {
        const response = once(server, 'request').then(
          ([, res]) => res as http2.Http2ServerResponse,
        );
        const session = http2.connect(`http://127.0.0.1:${port}`);
        session.on('error', () => undefined);
        session.request({ ':path': '/' }).on('error', () => undefined);
        return { response, hangUp: () => session.destroy() };
      },
    };
  },
};

describe('a response without a server behind it', () => {
  it('is over when it is finished, and says so once to each', () => {
    const response: ClosableResponse = new EventEmitter();
    const told = [jest.fn(), jest.fn()];
    for (const each of told) onceClosed(response, each);
    response.emit('finish');
    response.emit('close');
    for (const each of told) expect(each).toHaveBeenCalledTimes(1);
  });
});

describe.each(Object.keys(protocols))('a response over %s', (protocol) => {
  let server: Server;
  let exchange: Exchange;
  let response: ClosableResponse & { end(): void };

  beforeEach(async () => {
    const { server: started, ask } = protocols[protocol]!();
    server = started.listen(0, '127.0.0.1');
    await once(server, 'listening');
    exchange = ask((server.address() as AddressInfo).port);
    response = await exchange.response;
  });

  afterEach(async () => {
    exchange.hangUp();
    const closed = once(server, 'close');
    server.close();
    await closed;
  });

  it('is open until it has been sent', async () => {
    expect(isClosed(response)).toBe(false);
    const closed = new Promise<void>((resolve) => onceClosed(response, resolve));
    response.end();
    await closed;
    expect(isClosed(response)).toBe(true);
  });

  it('is closed once its client has gone', async () => {
    const closed = once(response, 'close');
    exchange.hangUp();
    await closed;
    expect(isClosed(response)).toBe(true);
  });
});
