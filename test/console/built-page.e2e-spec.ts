import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const FOLDER = join(__dirname, '../../dist/console');
const MOST_BYTES = 250 * 1_024;

const files = readdirSync(FOLDER).map((name) => ({
  name,
  text: readFileSync(join(FOLDER, name), 'utf8'),
}));
const index = files.find(({ name }) => name === 'index.html')?.text ?? '';

describe('the built page', () => {
  it('is small', () => {
    const bytes = files.reduce((sum, { text }) => sum + gzipSync(text).length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(MOST_BYTES);
  });

  it('has files whose names change with what is in them, and an index that names them below any path', () => {
    const others = files.map(({ name }) => name).filter((name) => name !== 'index.html');
    expect(others).toHaveLength(3);
    for (const name of others) {
      expect(name).toMatch(/^\w+-[A-Z2-7]{8}\.(?:js|css|svg)$/);
      expect(index).toContain(`"console/${name}"`);
    }
    expect(index).not.toMatch(/(?:src|href)="(?:\/|https?:)/);
  });

  it('has no script and no style in its index, and none that a strict policy would stop', () => {
    expect(index).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i);
    const script = files.find(({ name }) => name.endsWith('.js'))?.text ?? '';
    expect(script).not.toMatch(/\beval\(|new Function\(|import\(/);
  });

  it('asks no other host for anything', () => {
    for (const { name, text } of files) {
      const hosts = [...text.matchAll(/\bhttps?:\/\/([\w.-]+)/g)].map(([, host]) => host);
      // The names of XML are no addresses.
      expect([name, hosts.filter((host) => host !== 'www.w3.org')]).toEqual([name, []]);
    }
  });
});
