// Builds the operators' page into dist/console: index.html, and files whose names change with what is in them.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../dist/console');

await rm(out, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { page: join(here, 'src/main.tsx'), icon: join(here, 'icon.svg') },
  outdir: out,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome111', 'firefox113', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.svg': 'copy' },
  legalComments: 'eof',
  metafile: true,
  logLevel: 'warning',
});
const built = Object.keys(metafile.outputs).map((file) => basename(file));
const nameOf = (ending) => {
  const found = built.filter((file) => file.endsWith(ending));
  if (found.length !== 1) throw new Error(`one *${ending} was expected: ${built.join(', ')}`);
  return found[0];
};
// Relative, so that the page works below any path.
const page = (await readFile(join(here, 'index.html'), 'utf8'))
  .replace('%ICON%', `console/${nameOf('.svg')}`)
  .replace('%STYLE%', `console/${nameOf('.css')}`)
  .replace('%SCRIPT%', `console/${nameOf('.js')}`);
await mkdir(out, { recursive: true });
await writeFile(join(out, 'index.html'), page);
