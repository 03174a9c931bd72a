import type { VaultKeyModuleOptions } from '../../../lib/index';
import type { ToolHost } from './tool-host';
import type { ToolArgs } from './tool-work';

export type ToolName =
  'charge' | 'chargeTwice' | 'payOut' | 'fail' | 'leaveBehind' | 'chargeUnmarked' | 'failUnmarked';

/** Who calls, told the way the transport's callers tell it. */
export interface Caller {
  /** Whom the application has logged in; nobody without it. */
  user?: string;
  /** The agent's run. */
  run: string;
}

/** What the caller sees: the tool's result, or the refusal or error in full. */
export type ToolAnswer = { result: unknown } | { error: unknown };

/** A caller that will not wait for its answer. */
export interface Leaver {
  /** Goes away; resolves when the application has noticed, where it can notice. */
  leave(): Promise<void>;
}

/** An application that serves the tools over one transport, and a real client of it. */
export interface RunningTransport {
  host: ToolHost;
  call(tool: ToolName, args: ToolArgs, caller: Caller): Promise<ToolAnswer>;
  /** Absent where a caller cannot go away. */
  callAndLeave?(tool: ToolName, args: ToolArgs, caller: Caller): Promise<Leaver>;
  close(): Promise<void>;
}

/** One row of the table that the promises are kept over. */
export interface TransportUnderTest {
  name: string;
  /** Whether what it needs is installed; its promises count as skipped where not. @default true */
  available?: boolean;
  /**
   * What callers can read of a refusal: its whole body, or its message alone.
   *
   * @default 'body'
   */
  refusals?: 'body' | 'message';
  /** Whether callers can be logged in. @default true */
  users?: boolean;
  /** The prefix of the keys' labels. @default 'nest' */
  label?: string;
  /** The tool as the keys' subject names it, from the method's name. */
  toolName(tool: ToolName): string;
  /**
   * Whether a tool whose caller went away while its key was being issued is not run any more.
   *
   * @default false
   */
  stopsForLeaver?: boolean;
  start(options: VaultKeyModuleOptions): Promise<RunningTransport>;
}
