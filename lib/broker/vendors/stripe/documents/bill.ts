import { toUsd } from '../../../../contract/usd';
import type { MicroUsd } from '../../../../contract/usd';
import { amountUnknown, invalidAmount, priceOf } from '../../../pricing/amount';
import type { AddedLater, DocumentSettings } from '../../../pricing/configured-prices';
import { MAX_MICROS } from '../../../pricing/currency';
import type { Rates } from '../../../pricing/currency';
import type { Price, PriceableCall, TakenUp } from '../../../pricing/price';
import { BrokerRefusal } from '../../../refusal';
import { decimal, product } from './decimal';
import type { Decimal } from './decimal';
import type { Fields } from './fields';
import { taxOnTop } from './tax';
import type { TaxRate } from './tax';
import type { ItemOnBill } from './taken-up';
import type { UnitPrice } from './unit-price';
import type { Objects } from './objects';

/** All that a call is priced by. */
export interface Pricing {
  call: PriceableCall;
  body: Fields;
  /** The object that the path names; empty where it names none. */
  id: string;
  objects: Objects;
  rates: Rates;
  settings: DocumentSettings;
  /** Where those settings are, for messages: `vendors.stripe.documents`. */
  settingsPath: string;
}

/** Far above any bill of Stripe's. */
const MAX_TOTAL = 999_999_999_999n;
const NOT_HELD =
  'the first period is held; what later periods charge by themselves is not held, and no cap stops it';

/** Adds up what one bill charges at most, in one currency. */
export class Bill {
  #amount = 0n;
  /** What may be added, by why, in minor units. */
  readonly #added = new Map<AddedLater, bigint>();
  /** Of what may be added nothing says how much. */
  readonly #unknown = new Set<AddedLater>();
  #isRecurring = false;
  #before = 0n;
  readonly #takenUp: ItemOnBill[] = [];
  #currency: string | undefined;

  constructor(
    private readonly pricing: Pick<Pricing, 'rates' | 'settings' | 'settingsPath'>,
    currency: string | undefined,
  ) {
    this.#currency = currency;
  }

  /** The one that it is in, as far as its lines say it. */
  get currency(): string | undefined {
    return this.#currency;
  }

  /** Minor units, with all that may be added and is known. */
  get amount(): bigint {
    return [...this.#added.values()].reduce((sum, each) => sum + each, this.#amount);
  }

  /**
   * Some units of a price.
   *
   * @param field What the body calls it.
   */
  addItem(price: UnitPrice, quantity: Decimal, taxes: readonly TaxRate[], field: string): void {
    this.#check(price);
    if (price.isMetered) this.addUnknown('metered', field);
    if (price.chosen !== undefined) {
      const { most } = price.chosen;
      if (most === undefined) this.addUnknown('custom_unit_amount', field);
      else {
        const all = product(decimal(most), quantity);
        this.addAtMost('custom_unit_amount', all + taxOnTop(all, taxes), field);
      }
    }
    this.addLine(price.amountFor(quantity), price.currency, taxes);
  }

  /** What a higher quantity, which the customer may choose, comes to on top of the given one. */
  addAdjustable(
    why: 'adjustable_quantity' | 'optional_items',
    price: UnitPrice,
    most: bigint,
    least: bigint,
    taxes: readonly TaxRate[],
    field: string,
  ): void {
    this.#check(price);
    if (price.isMetered || price.chosen !== undefined) {
      throw amountUnknown(`${price.name} cannot be priced where the customer sets its quantity.`);
    }
    const highest = price.mostUpTo(most);
    const more = highest + taxOnTop(highest, taxes) - least;
    this.addAtMost(why, more > 0n ? more : 0n, field);
  }

  /** One line. A credit is not trusted: it lowers nothing. */
  addLine(amount: bigint, currency: string, taxes: readonly TaxRate[]): void {
    this.#checkCurrency(currency);
    if (amount > 0n) this.#amount += amount + taxOnTop(amount, taxes);
  }

  /** One of the lines is an item that may have been held by itself. */
  takeUp(item: ItemOnBill): void {
    if (item.amount > 0n) this.#takenUp.push(item);
  }

  /** What was on the bill before the call. */
  less(before: bigint): void {
    if (before <= 0n) return;
    this.#before = before;
    this.#amount = this.#amount > before ? this.#amount - before : 0n;
  }

  /** What may be added later, and what it comes to at most, as the body or the vendor says. */
  addAtMost(why: AddedLater, most: bigint, field: string): void {
    this.#allow(why, field);
    this.#added.set(why, (this.#added.get(why) ?? 0n) + most);
  }

  /** What may be added later, of which the operator's maximum is held. */
  addUnknown(why: AddedLater, field: string): void {
    this.#allow(why, field);
    this.#unknown.add(why);
  }

  /**
   * Taxes that Stripe reckons.
   *
   * @param field What of the call has them added.
   */
  addAutomaticTax(isEnabled: boolean, field = 'automatic_tax[enabled]'): void {
    if (isEnabled) this.addUnknown('automatic_tax', field);
  }

  /** It charges again by itself. */
  recur(): void {
    if (!this.pricing.settings.firstPeriod) {
      throw amountUnknown(
        `What charges again by itself is refused: the broker can hold its first period alone. An operator can allow that with "recurring": "first-period" under ${this.pricing.settingsPath} in the broker's settings.`,
      );
    }
    this.#isRecurring = true;
  }

  /** A new document with this bill, or as many as may be paid. */
  asNew(times = 1n): Price {
    return { kind: 'amount', ...this.#sum(times) };
  }

  /** What a document that is there already charges in all. */
  asTotal(objectId: string): Price {
    return { kind: 'total', objectId, ...this.#sum(1n), isOfState: true };
  }

  /** What a change brings to a document that is there already, or as many times as it may be paid. */
  asAddition(objectId: string, times = 1n): Price {
    const before = this.#before === 0n ? {} : { amountBefore: Number(this.#before) };
    return { kind: 'addition', objectId, ...this.#sum(times), ...before, isOfState: true };
  }

  /** New lines of a document, which come to the same whatever else is on it. */
  asNewLines(objectId: string): Price {
    return { kind: 'addition', objectId, ...this.#sum(1n) };
  }

  get isRecurring(): boolean {
    return this.#isRecurring;
  }

  /** Whether there is nothing that it could charge. */
  get isEmpty(): boolean {
    return this.amount === 0n && this.#unknown.size === 0 && !this.#isRecurring;
  }

  #sum(times: bigint) {
    const total = this.amount * times;
    if (total > MAX_TOTAL) {
      throw invalidAmount(null, `The call comes to more than ${MAX_TOTAL} minor units.`);
    }
    const { currency } = this;
    if (currency === undefined) {
      throw amountUnknown('The call says no currency and has no line, so it cannot be priced.');
    }
    const amount = Number(total);
    let micros = priceOf(amount, currency, this.pricing.rates);
    for (const [why, most] of this.#added) {
      const allowed = this.pricing.settings.maxAdded.get(why) ?? 0;
      const known = priceOf(Number(most), currency, this.pricing.rates);
      if (known > allowed) throw this.#aboveMaximum(why, known, allowed);
    }
    for (const why of this.#unknown) {
      micros += (this.pricing.settings.maxAdded.get(why) ?? 0) * Number(times);
    }
    return {
      micros: Math.min(micros, MAX_MICROS),
      amount,
      currency,
      ...(this.#isRecurring ? { note: NOT_HELD } : {}),
      ...(this.#takenUp.length === 0 ? {} : { takesUp: this.#parts(total, currency) }),
    };
  }

  /** What the items taken up are of the whole: together no more than that, however each is rounded. */
  #parts(total: bigint, currency: string): TakenUp[] {
    const { rates } = this.pricing;
    let rest = total;
    return this.#takenUp.map(({ id, amount }) => {
      const before = rest;
      rest = amount < rest ? rest - amount : 0n;
      const micros =
        priceOf(Number(before), currency, rates) - priceOf(Number(rest), currency, rates);
      return { id, micros };
    });
  }

  #check({ currency, isRecurring }: UnitPrice): void {
    this.#checkCurrency(currency);
    if (isRecurring) this.recur();
  }

  #checkCurrency(currency: string): void {
    this.#currency ??= currency;
    if (currency !== this.#currency) {
      throw invalidAmount(
        'currency',
        `The call has prices in ${this.#currency} and in ${currency}: one bill has one currency.`,
      );
    }
  }

  #allow(why: AddedLater, field: string): void {
    if (this.pricing.settings.maxAdded.has(why)) return;
    throw new BrokerRefusal(
      'parameter_not_allowed',
      `${field.slice(0, 128)} may raise what is charged after the call (${why}), so the broker does not forward it. Leave it out. An operator can allow it with "maxAddedUsd": { "${why}": 50 } under ${this.pricing.settingsPath} in the broker's settings, where the number is the most that it may add, in US dollars.`,
      { parameter: field.slice(0, 128) },
    );
  }

  #aboveMaximum(why: AddedLater, known: MicroUsd, allowed: MicroUsd): BrokerRefusal {
    return new BrokerRefusal(
      'parameter_not_allowed',
      `${why} may add ${toUsd(known)} US dollars, and ${this.pricing.settingsPath}.maxAddedUsd allows ${toUsd(allowed)}.`,
      { parameter: why },
    );
  }
}
