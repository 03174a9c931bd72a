import type { AuditRow } from '../audit/audit-entry';
import type { KeyRecord } from '../keys/key';
import type { ConfiguredVendor } from './configured-vendor';
import type { ProxyCall } from './proxy-answer';
import type { VendorTime } from './vendor-time';
import type { CallHeaders } from './request-headers';

/** A call whose key is known. */
export interface KnownCall {
  call: ProxyCall;
  configured: ConfiguredVendor;
  key: KeyRecord;
  headers: CallHeaders;
  /** What every audit row of it says. */
  row: CallRow;
  vendorTime: VendorTime;
}

export type CallRow = AuditRow & { call_id: string };
