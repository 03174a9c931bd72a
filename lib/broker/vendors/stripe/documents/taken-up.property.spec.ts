import fc from 'fast-check';
import { propertyRuns } from '../../../../../test/support/property-runs';
import type { KeyRecord } from '../../../keys/key';
import { MemoryStore } from '../../../ledger/memory/memory-store';
import type { AdmittedCall } from '../../../ledger/records';
import { StoreLedger } from '../../../ledger/store-ledger';
import type { Price } from '../../../pricing/price';
import { stripe } from '../stripe';

const CENT = 10_000;
const KEY: KeyRecord = {
  id: 'vk_1',
  tokenHash: 'hash',
  label: 'k',
  vendor: 'stripe',
  capMicros: 1_000_000 * CENT,
  allowedEndpoints: ['/v1/invoices'],
  subject: { user_id: 'u1' },
  budgets: {},
  createdAt: 0,
  expiresAt: 1e15,
};

interface Item {
  id: string;
  amount: number;
  /** The invoice that it is on; absent while it waits. */
  on?: string;
}

/** A call that was admitted by what was looked up, and has not reached the vendor yet. */
interface BillOnItsWay {
  call: AdmittedCall;
  price: Price;
}

/** Invoice items and invoices at a vendor, and the ledger of a broker before it. */
class Scene {
  readonly ledger = new StoreLedger(new MemoryStore());
  readonly items: Item[] = [];
  readonly drafts: string[] = [];
  readonly bills: BillOnItsWay[] = [];
  charged = 0;
  #ids = 0;

  /** Of a change that another call is in the way of nothing becomes. */
  async admit(price: Price): Promise<AdmittedCall | undefined> {
    const callId = `call_${++this.#ids}`;
    const decision = await this.ledger.admit({
      callId,
      key: KEY,
      account: '',
      price,
      pricedAt: this.ledger.now(),
      audit: { at: 'then', event: 'refusal', call_id: callId, key_id: KEY.id },
    });
    return decision.admitted ? decision.call : undefined;
  }

  async answer(
    call: AdmittedCall,
    price: Price,
    path: string,
    body: Record<string, unknown> | undefined,
  ): Promise<void> {
    const [method = '', segments = ''] = path.split(' ');
    const sent = {
      method,
      segments: segments.split('/'),
      parameters: [],
      decimals: new Set<string>(),
    };
    const outcome =
      body === undefined
        ? ({ ending: 'unknown' } as const)
        : stripe.outcome(price, sent, 200, body);
    await this.ledger.end({ call, outcome, audit: {} });
  }

  newId(prefix: string): string {
    return `${prefix}_${++this.#ids}`;
  }

  linesOf(invoice: string | undefined): Item[] {
    return this.items.filter(({ on }) => on === invoice);
  }

  shown(id: string, status = 'draft') {
    const lines = this.linesOf(id);
    const total = sum(lines);
    const data = lines.map((item) => ({
      amount: item.amount,
      parent: { invoice_item_details: { invoice_item: item.id } },
    }));
    return {
      id,
      object: 'invoice',
      currency: 'usd',
      status,
      total,
      amount_due: total,
      amount_paid: status === 'paid' ? total : 0,
      parent: null,
      lines: { data },
    };
  }
}

type Command = (scene: Scene) => Promise<void>;

const pick = <T>(from: readonly T[], at: number): T | undefined => from[at % (from.length || 1)];
const sum = (items: readonly Item[]): number => items.reduce((all, { amount }) => all + amount, 0);
const usd = (amount: number) => ({ micros: amount * CENT, amount, currency: 'usd' });
const partsOf = (items: readonly Item[]) => ({
  takesUp: items.map(({ id, amount }) => ({ id, micros: amount * CENT })),
});

const amount = fc.integer({ min: 1, max: 50 });
const at = fc.nat(20);
const isLost = fc.boolean();

const makeItem =
  (cents: number, byHand: boolean, lost: boolean): Command =>
  async (scene) => {
    const item = { id: scene.newId('ii'), amount: cents };
    const price: Price = { kind: 'amount', ...usd(cents) };
    const call = byHand ? undefined : await scene.admit(price);
    scene.items.push(item);
    if (call === undefined) return;
    const body = { id: item.id, object: 'invoiceitem', amount: cents, currency: 'usd' };
    await scene.answer(call, price, 'POST invoiceitems', lost ? undefined : body);
  };
const newItem = fc.tuple(amount, fc.boolean(), isLost).map((given) => makeItem(...given));
const change = fc
  .tuple(at, amount, isLost)
  .map(([which, cents, lost]): Command => async (scene) => {
    const open = scene.items.filter(({ on }) => on === undefined || scene.drafts.includes(on));
    const item = pick(open, which);
    if (item === undefined) return;
    const before = item.amount;
    const price: Price = {
      kind: 'addition',
      objectId: item.on ?? item.id,
      ...usd(Math.max(0, cents - before)),
      amountBefore: before,
      isOfState: true,
    };
    const call = await scene.admit(price);
    if (call === undefined) return;
    item.amount = cents;
    const body = { id: item.id, object: 'invoiceitem', amount: cents, currency: 'usd' };
    await scene.answer(call, price, `POST invoiceitems/${item.id}`, lost ? undefined : body);
  });
/** What waits is looked up, and the bill is admitted; it comes to the vendor later. */
const beginBill: Command = async (scene) => {
  const waiting = scene.linesOf(undefined);
  const price: Price = { kind: 'amount', ...usd(sum(waiting)), ...partsOf(waiting) };
  const call = await scene.admit(price);
  if (call !== undefined) scene.bills.push({ call, price });
};
const bill = fc.constant(beginBill);
const endBill =
  (which: number, lost: boolean): Command =>
  async (scene) => {
    const found = pick(scene.bills, which);
    if (found === undefined) return;
    scene.bills.splice(scene.bills.indexOf(found), 1);
    const id = scene.newId('in');
    for (const item of scene.linesOf(undefined)) item.on = id;
    scene.drafts.push(id);
    const body = lost ? undefined : scene.shown(id);
    await scene.answer(found.call, found.price, 'POST invoices', body);
  };
const arrive = fc.tuple(at, isLost).map((given) => endBill(...given));
const remove = at.map((which): Command => async (scene) => {
  const id = pick(scene.drafts, which);
  if (id === undefined) return;
  scene.drafts.splice(scene.drafts.indexOf(id), 1);
  for (const item of scene.linesOf(id)) delete item.on;
  await Promise.resolve();
});
const payBill =
  (which: number, lost: boolean): Command =>
  async (scene) => {
    const id = pick(scene.drafts, which);
    if (id === undefined) return;
    const lines = scene.linesOf(id);
    const price: Price = {
      kind: 'total',
      objectId: id,
      ...usd(sum(lines)),
      ...partsOf(lines),
      isOfState: true,
    };
    const call = await scene.admit(price);
    if (call === undefined) return;
    scene.drafts.splice(scene.drafts.indexOf(id), 1);
    scene.charged += sum(lines);
    const body = lost ? undefined : scene.shown(id, 'paid');
    await scene.answer(call, price, `POST invoices/${id}/pay`, body);
  };
const pay = fc.tuple(at, isLost).map((given) => payBill(...given));

async function played(commands: readonly Command[]): Promise<{ scene: Scene; counted: number }> {
  const scene = new Scene();
  await scene.ledger.issue(KEY);
  for (const command of commands) await command(scene);
  const { spent, held } = (await scene.ledger.key(KEY.id))!.balance;
  return { scene, counted: (spent + held) / CENT };
}

describe('items that wait, and the bills that take them up', () => {
  it('are never charged for more than is counted, whatever is lost, changed or overtaken', async () => {
    const command = fc.oneof(newItem, newItem, change, bill, arrive, arrive, remove, pay);
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
        const { scene, counted } = await played(commands);
        expect(counted).toBeGreaterThanOrEqual(scene.charged);
      }),
      { numRuns: propertyRuns(1_000) },
    );
  });

  it('are taken off once where they are on several lines', async () => {
    const { scene } = await played([makeItem(10, false, false)]);
    const item = scene.items[0]!;
    const half = { id: item.id, amount: 10 };
    const price: Price = { kind: 'amount', ...usd(30), ...partsOf([half, half]) };
    const call = await scene.admit(price);
    expect(call?.micros).toBe(20 * CENT);
  });

  it('raise no limit of one call where the bill has held them too', async () => {
    const scene = new Scene();
    await scene.ledger.issue({ ...KEY, limits: { perCallMicros: 15 * CENT } });
    await makeItem(10, false, false)(scene);
    const items = scene.items;
    const line: Price = { kind: 'addition', objectId: 'in_1', ...usd(10) };
    const added = await scene.admit(line);
    items[0]!.on = 'in_1';
    await scene.answer(added!, line, 'POST invoices/in_1/add_lines', scene.shown('in_1'));
    const total: Price = { kind: 'total', objectId: 'in_1', ...usd(10), ...partsOf(items) };
    expect((await scene.admit(total))?.micros).toBe(0);
  });

  it('are counted once, to the cent, where every answer comes', async () => {
    const items = fc.array(fc.tuple(amount, fc.boolean()), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(items, { maxLength: 4 }), async (months) => {
        const commands = months.flatMap((each): Command[] => [
          ...each.map(([cents, byHand]) => makeItem(cents, byHand, false)),
          beginBill,
          endBill(0, false),
          payBill(0, false),
        ]);
        const { scene, counted } = await played(commands);
        expect(scene.charged).toBe(months.flat().reduce((all, [cents]) => all + cents, 0));
        expect(counted).toBe(scene.charged);
      }),
      { numRuns: propertyRuns(200) },
    );
  });
});
