import type { Readable } from 'node:stream';

/** A management answer read to its end, or as far as it came. */
export interface ManagementAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
  complete: boolean;
}

const MAX_BYTES = 1024 * 1024;

/** Reads the body of a management answer. */
export async function readText(body: Readable): Promise<{ text: string; complete: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  let complete = true;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) {
        complete = false;
        break;
      }
      chunks.push(chunk);
    }
  } catch {
    complete = false;
  }
  return { text: Buffer.concat(chunks).toString('utf8'), complete };
}

/** A JSON object; `undefined` where a text is anything else. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
