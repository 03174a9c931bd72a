import { RefusalLog } from './refusal-log';

const written: string[] = [];
let log: RefusalLog;
beforeEach(() => {
  written.length = 0;
  log = new RefusalLog((line) => written.push(line));
});

it('writes one line a second an address, which counts those before it', () => {
  for (let ms = 0; ms <= 1_000; ms += 50) log.note(401, 'invalid_key', '203.0.113.1', ms);
  expect(written).toEqual([
    'refused a request from 203.0.113.1: 401 invalid_key',
    'refused a request from 203.0.113.1: 401 invalid_key (and 19 before)',
  ]);
});

it('writes of each address by itself', () => {
  log.note(401, 'invalid_key', '203.0.113.1', 0);
  log.note(404, 'not_found', '203.0.113.2', 0);
  expect(written).toHaveLength(2);
});

it('forgets the address it heard of first, once it knows 10,000', () => {
  for (let i = 0; i <= 10_000; i++) log.note(401, 'invalid_key', `address-${i}`, 0);
  written.length = 0;
  log.note(401, 'invalid_key', 'address-10000', 1);
  expect(written).toEqual([]);
  log.note(401, 'invalid_key', 'address-0', 1);
  expect(written).toHaveLength(1);
});
