import type { IncomingMessage } from 'node:http';
import type { CookieScope } from '../site';

const NAME = 'vault_key_session';
/** A browser sends one for each path that it knows one for; more are somebody's flood. */
const MOST = 4;

/** The ids of sessions that a browser has sent, that of the longest path first. */
export function sessionIds({ headers }: IncomingMessage): readonly string[] {
  return (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${NAME}=`))
    .slice(0, MOST)
    .map((pair) => pair.slice(NAME.length + 1));
}

/** `Set-Cookie` of a session: no script reads it, and no other site has it sent. */
export function sessionCookie(id: string, { path, isSecure }: CookieScope): string {
  const secure = isSecure ? '; Secure' : '';
  return `${NAME}=${id}; Path=${path}; HttpOnly; SameSite=Strict${secure}`;
}

/** `Set-Cookie` of a session that has ended. */
export function endedCookie(scope: CookieScope): string {
  return `${sessionCookie('', scope)}; Max-Age=0`;
}
