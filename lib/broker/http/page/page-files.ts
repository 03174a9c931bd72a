import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { extname, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** The package's own; and beside a program that was bundled, where they were copied. */
const FOLDERS = [resolve(__dirname, '../../../../dist/console'), join(__dirname, 'console')];

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};
/** A name with a hash of what is in it, as bundlers make them: another content has another name. */
const HASHED = /(?:-[A-Z2-7]{8}|[-.][0-9a-f]{8,64})\.[0-9a-z]+$/;
const TEXT = /^(?:text\/|application\/(?:json|manifest)|image\/svg)/;

/** A file of the page. */
export interface PageFile {
  type: string;
  bytes: Buffer;
  etag: string;
  /** Whether the file of this name never changes. */
  isImmutable: boolean;
  /** The same bytes for a browser that takes gzip; `undefined` where they are no text. */
  gzipped(): Promise<Buffer> | undefined;
}

/** The built page: all its files, in memory. */
export class PageFiles {
  private constructor(private readonly files: ReadonlyMap<string, PageFile>) {}

  /**
   * Reads the page.
   *
   * @param folders Where it may be; the first that has it is taken.
   * @returns `undefined` where it is in none of them.
   */
  static read(folders: readonly string[] = FOLDERS): PageFiles | undefined {
    const folder = folders.find((each) => existsSync(join(each, 'index.html')));
    if (folder === undefined) return undefined;
    const files = new Map<string, PageFile>();
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name);
      const type = TYPES[extname(name)];
      if (type === undefined || !statSync(path).isFile()) continue;
      files.set(
        pathOf(name.split(sep).join('/')),
        new FileInMemory(type, readFileSync(path), name),
      );
    }
    return new PageFiles(files);
  }

  /** The file at a path below the mount. */
  at(path: string): PageFile | undefined {
    return this.files.get(path);
  }
}

function pathOf(name: string): string {
  if (name === 'index.html') return '/';
  return name.startsWith('console/') ? `/${name}` : `/console/${name}`;
}

class FileInMemory implements PageFile {
  readonly etag: string;
  readonly isImmutable: boolean;
  #gzipped: Promise<Buffer> | undefined;

  constructor(
    readonly type: string,
    readonly bytes: Buffer,
    name: string,
  ) {
    this.etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    this.isImmutable = HASHED.test(name);
  }

  gzipped(): Promise<Buffer> | undefined {
    if (!TEXT.test(this.type)) return undefined;
    return (this.#gzipped ??= compress(this.bytes));
  }
}
