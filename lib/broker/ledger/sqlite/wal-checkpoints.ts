import { WAL_PROGRAM } from './store-programs';
import { StoreThread } from './store-thread';
import type { ThreadFile } from './store-thread';

/** How much is written between two checkpoints. */
const STATEMENTS = 1_024;
/**
 * What is committed during the first pass is little, and so is the second pass: it often leaves nothing,
 * and then the `-wal` is written from its begin again.
 */
const PASSES = 2;

/**
 * Brings what is committed into the file on a thread of its own. Otherwise the thread that writes would do
 * it within the commit of a batch, and a call that waits for that batch would wait for two more flushes.
 */
export class WalCheckpoints {
  #thread: StoreThread | undefined;
  #isReady = false;
  #isHeld = false;
  #isClosed = false;
  #statements = 0;
  #underWay: Promise<void> | undefined;

  /** @param onReady Told once checkpoints are made on the thread. */
  constructor(
    private readonly file: ThreadFile,
    private readonly onReady: () => void,
    private readonly onFailedStart: (error: Error) => void,
  ) {}

  /** Notes that a batch is being written. A store that is hardly written never starts the thread. */
  wrote(statements: number): void {
    this.#statements += statements;
    if (this.#statements < STATEMENTS || this.#isHeld || this.#isClosed) return;
    this.#thread ??= this.#start(this.file);
    if (!this.#isReady || this.#underWay !== undefined) return;
    this.#statements = 0;
    this.#underWay = this.#run(this.#thread).finally(() => (this.#underWay = undefined));
  }

  /** Resolves once none is under way; none begins before {@link WalCheckpoints.release}. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    await this.#underWay;
  }

  release(): void {
    this.#isHeld = false;
  }

  close(): void {
    this.#isClosed = true;
    this.#isReady = false;
    this.#thread?.close();
  }

  #start(file: ThreadFile): StoreThread {
    return new StoreThread('vault-key-wal', WAL_PROGRAM, file, {
      onReady: () => {
        if (this.#isClosed) return;
        this.#isReady = true;
        this.onReady();
      },
      onFailedStart: this.onFailedStart,
    });
  }

  async #run(thread: StoreThread): Promise<void> {
    try {
      for (let pass = 0; pass < PASSES && !this.#isHeld; pass++) {
        const { pages, moved } = (await thread.ask({})) as { pages: number; moved: number };
        if (pages === moved) return;
      }
    } catch {
      // What is not moved now is in the -wal, and the thread that writes moves it at last.
    }
  }
}
