import { notFound } from '../../refusal';
import { readNoFields } from '../json-body';
import type { Route } from '../route';
import { sessionView } from '../sessions/page-log-in';
import type { PageLogIn } from '../sessions/page-log-in';

export const SESSION_PATH = '/v1/session';
const SESSION = /^\/v1\/session$/;

/** Who is logged in at the page; the log-in itself comes before anyone is known. */
export function sessionRoutes(pageLogIn: PageLogIn | undefined): Route[] {
  return [
    {
      method: 'GET',
      path: SESSION,
      role: 'viewer',
      handle: async ({ by, session }) => ({ status: 200, body: sessionView({ by, session }) }),
    },
    {
      method: 'DELETE',
      path: SESSION,
      role: 'viewer',
      handle: async ({ req, session }) => {
        if (pageLogIn === undefined) {
          throw notFound(
            'Nobody logs in here, so nobody logs out: the application says who may look.',
          );
        }
        await readNoFields(req);
        return pageLogIn.end(req, session);
      },
    },
  ];
}
