import type { ExecutionContext } from '@nestjs/common';
import { http } from './http';
import type { Transport } from './transport';

/** The transport a call came over; `undefined` for one that is not known. */
export function transportOf(context: ExecutionContext): Transport | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return http;
    default:
      return undefined;
  }
}
