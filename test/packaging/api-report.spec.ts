import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ENTRIES, reportOf } from './api-report';
import { run } from './command';

const ROOT = resolve(__dirname, '../..');

/** `UPDATE_API=1 npm run test:packaging -- api-report` writes the reports. */
const update = process.env['UPDATE_API'] === '1';

describe('the public API', () => {
  it.each(ENTRIES)('is what api/%s says', (report, types) => {
    const { changed, messages } = reportOf(report, types, { update });
    if (!update) expect({ changed, messages }).toEqual({ changed: false, messages: [] });
  });
});

it('every public name is documented, and links to what is there', async () => {
  const out = mkdtempSync(join(tmpdir(), 'vault-key-api-docs-'));
  try {
    const { code, stdout, stderr } = await run(
      process.execPath,
      [join(ROOT, 'node_modules/typedoc/bin/typedoc'), '--out', out],
      { cwd: ROOT },
    );
    expect({ code, told: stdout + stderr }).toMatchObject({ code: 0 });
    expect(existsSync(join(out, 'index.html'))).toBe(true);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});
