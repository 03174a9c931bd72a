import type { IncomingMessage } from 'node:http';
import type { StreamedBody } from '../forwarding/proxy-answer';

/** The body of a request as it arrives, read by events: a stream's iterator costs several times as much. */
export class IncomingBody implements StreamedBody {
  constructor(private readonly req: IncomingMessage) {}

  collect(maxBytes: number): Promise<Buffer | undefined> {
    const { req } = this;
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const end = (settle: () => void): void => {
        req.off('data', onData).off('end', onEnd).off('error', onBreak).off('close', onBreak);
        settle();
      };
      const onData = (chunk: Buffer): void => {
        length += chunk.length;
        chunks.push(chunk);
        if (length <= maxBytes) return;
        req.pause();
        end(() => resolve(undefined));
      };
      const onEnd = (): void =>
        end(() => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
      const onBreak = (error?: Error): void =>
        end(() => reject(error ?? new Error('the request was cut short')));
      req.on('data', onData).once('end', onEnd).once('error', onBreak).once('close', onBreak);
      if (req.destroyed) onBreak();
    });
  }
}
