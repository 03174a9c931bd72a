import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseConfig } from '../../lib/broker/broker.config';
import { ADDED_LATER } from '../../lib/broker/pricing/configured-prices';

const PAGE = readFileSync(resolve(__dirname, '../../docs/documents.md'), 'utf8');

it('docs/documents.md shows settings that the command takes', () => {
  const [, block = ''] = /^```json\n([\s\S]*?)^```/m.exec(PAGE) ?? [];
  expect(parseConfig(block).vendors?.['stripe']?.documents).toEqual({
    recurring: 'first-period',
    maxAddedUsd: { automatic_tax: 50, adjustable_quantity: 200 },
  });
});

it('docs/documents.md names everything that may be added later', () => {
  const named = [...PAGE.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
  expect(named).toEqual([...ADDED_LATER]);
});
