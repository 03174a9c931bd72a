import { LatestMap } from '../latest';
import { Shelf } from '../shelf';
import type {
  CreditNote,
  Invoice,
  InvoiceItem,
  InvoiceLine,
  Subscription,
} from './billing-objects';
import type { Quote, QuoteTerms } from './quote-objects';

/** What an account bills: subscriptions, invoices, and what waits to be put on one. */
export class Billing {
  readonly subscriptions: Shelf<Subscription>;
  readonly invoices: Shelf<Invoice>;
  readonly invoiceItems: Shelf<InvoiceItem>;
  readonly quotes: Shelf<Quote>;
  readonly creditNotes: Shelf<CreditNote>;
  /** The lines of an invoice, as they were made. */
  readonly lines: Map<string, InvoiceLine[]>;
  /** The invoice that a PaymentIntent pays. */
  readonly invoiceOfIntent: Map<string, string>;
  /** What was used of a metered subscription item and is on no invoice yet. */
  readonly usage: Map<string, number>;
  readonly quoteTerms: Map<string, QuoteTerms>;
  /** What automatic tax adds where it is enabled, in percent: `'8.25'`. */
  automaticTax: string | undefined;

  constructor(bound: number) {
    this.subscriptions = new Shelf('subscription', bound);
    this.invoices = new Shelf('invoice', bound);
    this.invoiceItems = new Shelf('invoiceitem', bound);
    this.quotes = new Shelf('quote', bound);
    this.creditNotes = new Shelf('credit note', bound);
    this.lines = new LatestMap(bound);
    this.invoiceOfIntent = new LatestMap(bound);
    this.usage = new LatestMap(bound);
    this.quoteTerms = new LatestMap(bound);
  }

  get shelves(): readonly { readonly size: number }[] {
    return [
      this.subscriptions,
      this.invoices,
      this.invoiceItems,
      this.quotes,
      this.creditNotes,
      this.lines,
      this.invoiceOfIntent,
      this.usage,
      this.quoteTerms,
    ];
  }
}
