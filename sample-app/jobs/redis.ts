import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const DEFAULT_URL = 'redis://127.0.0.1:6379';
/** One that is named is waited for; one that may be there is not, much. */
const NAMED_MS = 3_000;
const USUAL_MS = 500;

/** The Redis that jobs can be kept in, and where it was looked for, without its password. */
export interface FoundRedis {
  /** Absent where none answers. */
  url?: string;
  address: string;
}

/** Looks for the Redis of `REDIS_URL`, else for one on this machine's usual port. */
export async function findRedis(env: NodeJS.ProcessEnv): Promise<FoundRedis> {
  const url = env['REDIS_URL'] || DEFAULT_URL;
  if (!URL.canParse(url)) return { address: 'REDIS_URL, which is no URL' };
  const { protocol, host } = new URL(url);
  const address = `${protocol}//${host}`;
  const patienceMs = env['REDIS_URL'] ? NAMED_MS : USUAL_MS;
  return (await answers(new URL(url), patienceMs)) ? { url, address } : { address };
}

/** Whether a Redis takes commands there: it says PONG. */
function answers(
  { protocol, hostname, port, username, password }: URL,
  patienceMs: number,
): Promise<boolean> {
  if (!/^rediss?:$/.test(protocol)) return Promise.resolve(false);
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
  return new Promise((resolve) => {
    const socket: Socket =
      protocol === 'rediss:'
        ? connectTls({ ...address, servername: address.host })
        : connect(address);
    const done = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    let said = '';
    // A process that was busy hears of its timers first, and then of what has come meanwhile.
    socket.setTimeout(patienceMs, () => setImmediate(() => done(false)));
    socket.on('error', () => done(false));
    socket.on('close', () => done(false));
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (/^\+PONG\r\n/m.test(said)) done(true);
      else if (!said.startsWith('+') || /^-/m.test(said)) done(false);
    });
    if (password !== '') {
      const user = username === '' ? [] : [decodeURIComponent(username)];
      socket.write(command('AUTH', ...user, decodeURIComponent(password)));
    }
    socket.write(command('PING'));
  });
}

function command(...words: string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join('')}`;
}
