import { text } from 'node:stream/consumers';
import { AnswerBody } from './answer-body';

function source(readTimeoutMs = 10_000) {
  const told: string[] = [];
  let onDrain: () => void;
  const drained = new Promise<void>((resolve) => (onDrain = resolve));
  const body = new AnswerBody({
    pause: () => told.push('pause'),
    resume: () => told.push('resume'),
    drain() {
      told.push('drain');
      onDrain();
    },
    readTimeoutMs,
  });
  return { body, told, drained };
}

describe('the body of an answer', () => {
  it('is had as a whole, before and after it has come', async () => {
    const { body } = source();
    body.push(Buffer.from('one '));
    const early = body.bytes(100);
    body.push(Buffer.from('two'));
    body.end();
    expect(String(await early)).toBe('one two');
    expect(String(await AnswerBody.of(Buffer.from('there')).bytes(100))).toBe('there');
  });

  it('is had as a stream, what came before anybody asked included', async () => {
    const { body } = source();
    body.push(Buffer.from('one '));
    const read = text(body.stream());
    body.push(Buffer.from('two'));
    body.end();
    expect(await read).toBe('one two');
  });

  it('is nothing as a whole, and an error as a stream, where it was cut short', async () => {
    for (const early of [true, false]) {
      const [whole, stream] = [source().body, source().body];
      if (!early) for (const body of [whole, stream]) body.cut();
      const bytes = whole.bytes(100);
      const read = text(stream.stream());
      if (early) for (const body of [whole, stream]) body.cut();
      expect(await bytes).toBeUndefined();
      await expect(read).rejects.toThrow('the answer was cut short');
    }
  });

  it('is nothing where it is larger than asked for, and the rest is drained', async () => {
    const { body, told } = source();
    const bytes = body.bytes(5);
    body.push(Buffer.from('sixsix'));
    expect(await bytes).toBeUndefined();
    expect(told).toEqual(['drain']);
    expect(await AnswerBody.of(Buffer.from('sixsix')).bytes(5)).toBeUndefined();
  });

  it('stops its source while nobody reads, and lets it go on for one who reads', async () => {
    const { body, told } = source();
    const half = Buffer.alloc(65_536, 'x');
    body.push(half);
    expect(told).toEqual(['pause']);
    const bytes = body.bytes(1_000_000);
    expect(told).toEqual(['pause', 'resume']);
    body.push(half);
    body.end();
    expect((await bytes)?.length).toBe(131_072);
  });

  it('is given up where nobody reads on for a time-out, or its stream is destroyed', async () => {
    const { body, told, drained } = source(5);
    body.push(Buffer.alloc(65_536));
    await drained;
    expect(told).toEqual(['pause', 'drain']);
    expect(await body.bytes(1e9)).toBeUndefined();
    const left = source();
    left.body.stream().destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(left.told).toEqual(['drain']);
  });
});
