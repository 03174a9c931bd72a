import type { ExecutionContext } from '@nestjs/common';
import type { AgentRequest } from '../identity';
import type { ClosableResponse } from '../response-close';

/** What is read of a call that came over one of the transports Nest routes. */
export interface Transport {
  /** What the call's user and run are read from. */
  requestOf(context: ExecutionContext): AgentRequest;
  /** The response whose end the key waits for. */
  responseOf?(context: ExecutionContext): ClosableResponse | undefined;
  /** The tool's own name, where it has one beside `Class.method`. */
  toolNameOf?(context: ExecutionContext): string | undefined;
}
