import { once } from 'node:events';
import { connect } from 'node:net';

/** Sends bytes as they are, and reads until the server ends the connection or `until` has come. */
export async function exchangeRaw(
  url: string,
  request: string | Buffer,
  until?: RegExp,
): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  try {
    await once(socket, 'connect');
    socket.write(request);
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += (chunk as Buffer).toString('latin1');
      if (until?.test(text) === true) break;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  } finally {
    socket.destroy();
  }
  return text;
}

/** A request written by hand: lines, an empty line, the body. `Connection: close` ends the exchange. */
export function rawRequest(lines: readonly string[], body = ''): string {
  return `${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`;
}

/** Of an answer read from a socket: its status and its JSON body. */
export function readRaw(text: string): { status: number; head: string; body: { code?: string } } {
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, end);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head: head.toLowerCase(),
    body: JSON.parse(text.slice(end + 4)) as { code?: string },
  };
}
