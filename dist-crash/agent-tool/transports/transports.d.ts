import type { ExecutionContext } from '@nestjs/common';
import type { Transport } from './transport';
/** The transport a call came over; `undefined` for one that is not known. */
export declare function transportOf(context: ExecutionContext): Transport | undefined;
