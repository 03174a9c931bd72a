import fc from 'fast-check';
import { EventReader } from './event-stream';

const STREAM =
  ': hello\n\nid: 7\nevent: call\ndata: {"id":"7"}\n\nevent: brake\r\ndata: one\r\ndata: two\r\n\r\ndata:x\n\n';
const EVENTS = [
  { id: '7', kind: 'call', data: '{"id":"7"}' },
  { id: '7', kind: 'brake', data: 'one\ntwo' },
  { id: '7', kind: 'message', data: 'x' },
];

it('reads the same events wherever the stream is cut', () => {
  const cuts = fc.array(fc.nat({ max: STREAM.length }), { maxLength: 12 });
  fc.assert(
    fc.property(cuts, (places) => {
      const reader = new EventReader();
      const ends = [0, ...places, STREAM.length].sort((one, other) => one - other);
      const found = ends.slice(1).flatMap((end, i) => reader.take(STREAM.slice(ends[i], end)));
      expect(found).toEqual(EVENTS);
    }),
    { numRuns: 200 },
  );
});

it('gives no event before its end has come', () => {
  const reader = new EventReader();
  expect(reader.take('event: call\ndata: 1\n')).toEqual([]);
  expect(reader.take('\n')).toHaveLength(1);
});
