import type { LedgerFigures } from '../ledger/ledger';
import type { CallCounts } from './call-counts';
export declare const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
/** All figures in Prometheus' text format. */
export declare function metricsText(counts: CallCounts, figures: LedgerFigures): string;
