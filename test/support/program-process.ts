import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { killedAfterSuite } from './child-processes';
import type { Question, Reply } from './program';

const TYPESCRIPT = join(__dirname, '../../bench/typescript.cjs');
const MAX_HEAP_MB = 512;

const children = killedAfterSuite();

/** A program of the tests, which calls `answerParent`, as a process of its own. It ends with the suite. */
export class ProgramProcess {
  #output = '';
  #url = '';
  #asked = 0;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #ended: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    const keep = (chunk: Buffer): void => void (this.#output += chunk.toString());
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    children.add(child);
    this.#ended = once(child, 'close').then(() => {
      children.delete(child);
      for (const [id, settle] of this.#waiting) settle({ id, fault: 'the process has ended' });
      this.#waiting.clear();
    });
    child.on('message', (reply: Reply) => {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
  }

  /**
   * Starts a file of TypeScript, on the library as it was built, and waits until it listens.
   *
   * @throws Error with what it wrote where it ends before that.
   */
  static async start(
    file: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ProgramProcess> {
    const args = [`--max-old-space-size=${MAX_HEAP_MB}`, '--require', TYPESCRIPT, file];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env['PATH'] ?? '', ...env },
    });
    const started = new ProgramProcess(child);
    const told = once(child, 'message') as Promise<[{ url: string }]>;
    const first = await Promise.race([told, started.#ended.then(() => undefined)]);
    if (first === undefined) throw new Error(`${file} ended at its start: ${started.output}`);
    started.#url = first[0].url;
    return started;
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** All that the process has written. */
  get output(): string {
    return this.#output;
  }

  /** @throws Error with what the program threw, or where it ends before it answers. */
  async ask<Answer>(name: string, given?: unknown): Promise<Answer> {
    const question: Question = { id: ++this.#asked, name, given };
    const replied = new Promise<Reply>((settle) => this.#waiting.set(question.id, settle));
    this.child.send(question, (error) => {
      if (error !== null)
        this.#waiting.get(question.id)?.({ id: question.id, fault: String(error) });
    });
    const { answer, fault } = await replied;
    if (fault !== undefined) throw new Error(`${name}: ${fault}`);
    return answer as Answer;
  }

  /** Sends a signal, and waits for the end of the process. */
  async kill(
    signal: NodeJS.Signals = 'SIGKILL',
  ): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal);
    await this.#ended;
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }
}
