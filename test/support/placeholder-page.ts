import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PageFiles } from '../../lib/broker/http/page/page-files';
import { temporaryFile } from './broker-process';

/** The files of a page that has a style and a script, in a folder that is gone after the suite. */
export function placeholderPage(files: Readonly<Record<string, string>> = {}): string {
  const folder = dirname(temporaryFile('index.html'));
  const all = {
    'index.html':
      '<!doctype html><link rel="stylesheet" href="console/page-AAAA2222.css"><script type="module" src="console/page-BBBB3333.js"></script>',
    'page-AAAA2222.css': 'body { margin: 0 }',
    'page-BBBB3333.js': 'document.title = "page";',
    'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Has all servers that this suite starts in its own process serve a page of placeholders. */
export function servePlaceholderPage(): void {
  const page = PageFiles.read([placeholderPage()]);
  beforeAll(() => void jest.spyOn(PageFiles, 'read').mockReturnValue(page));
  afterAll(() => void jest.restoreAllMocks());
}
