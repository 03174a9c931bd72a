import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRead } from '../callers/callers';
import { noPage } from '../sessions/page-log-in';
import type { Site } from '../site';
import { methodNotAllowed, notFound } from '../../refusal';
import { PageFiles } from './page-files';
import { sendPage, sendToSlash } from './send-page';

/** The operators' page: static files, without a token and without data. */
export class Page {
  readonly #files: PageFiles | undefined;

  constructor(
    private readonly site: Site,
    files = PageFiles.read(),
  ) {
    this.#files = files;
  }

  /** Whether a path below the mount is the page's. */
  has(path: string): boolean {
    return path === '' || path === '/' || path === '/console' || path.startsWith('/console/');
  }

  /** @throws BrokerRefusal 404, 405, 421. */
  async send(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    const { site } = this;
    if (!isRead(req)) throw methodNotAllowed(['GET', 'HEAD']);
    if (!site.isPrivate(req)) throw noPage();
    site.checkHost(req);
    if (this.#files === undefined) {
      throw notFound(
        'The page is not in this copy of nestjs-vault-key: its folder dist/console is missing. In a checkout npm run build makes it; beside a bundled program it has to be copied, as the folder console.',
      );
    }
    if (path === '') {
      sendToSlash(res, site.mountPath);
      return;
    }
    const file = this.#files.at(path);
    if (file === undefined) throw notFound('The page has no such file.');
    await sendPage(req, res, file);
  }
}
