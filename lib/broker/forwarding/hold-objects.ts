import { instantText } from '../instant';
import type { Ledger } from '../ledger/ledger';
import type { Hold } from '../ledger/records';
import type { Actor } from '../operators/actor';
import { notFound } from '../refusal';
import type { ConfiguredVendor } from './configured-vendor';
import { readObject } from './read-object';

/** What a vendor says of the object of a hold, at the moment it is asked. */
export interface VendorObjectView {
  vendor: string;
  /** The connected account. */
  account?: string;
  object_id: string;
  /** What of the object tells whether money has moved; `null` where it could not be read. */
  found: Readonly<Record<string, unknown>> | null;
  /** Why it could not be read. */
  message?: string;
}

/** Asks vendors for the objects of holds, for people who have to say what became of a call. */
export class HoldObjects {
  readonly #ledger: Ledger;
  /** With their secrets: nothing shows them. */
  readonly #vendors: ReadonlyMap<string, ConfiguredVendor>;

  /** @internal */
  constructor(ledger: Ledger, vendors: ReadonlyMap<string, ConfiguredVendor>) {
    this.#ledger = ledger;
    this.#vendors = vendors;
  }

  /**
   * What the vendor says of a hold's object now. Each time it is asked for has a row in the audit log.
   *
   * @throws BrokerRefusal 404 where there is no such hold, or it names no object that can be read; 503.
   */
  async read(callId: string, by: Actor): Promise<VendorObjectView> {
    const hold = await this.#ledger.hold(callId);
    if (hold === undefined) throw notFound('There is no hold of that id.');
    const { configured, id, path } = this.#objectOf(hold);
    const { vendor, connection } = configured;
    const headers: Record<string, string> = { 'stripe-version': vendor.apiVersion([]) };
    if (hold.account !== '') headers['stripe-account'] = hold.account;
    const release = await connection.reserve({ keyId: 'operators', user: '' });
    const read = await readObject(configured, vendor.pathPrefix + path, path, headers).finally(
      release,
    );
    const message = 'object' in read ? undefined : `${id} could not be read: ${read.why}.`;
    const key = (await this.#ledger.key(hold.keyId))?.key;
    await this.#ledger.record({
      at: instantText(this.#ledger.now()),
      actor: by.name,
      event: 'lookup',
      method: 'GET',
      ...read.row,
      call_id: callId,
      key_id: hold.keyId,
      vendor: hold.vendor,
      ...(key === undefined ? {} : { label: key.label, ...key.subject }),
      verdict: message === undefined ? 'found' : 'vendor_unreachable',
      reason: message ?? null,
      remote_address: by.remoteAddress ?? null,
    });
    return {
      vendor: hold.vendor,
      ...(hold.account === '' ? {} : { account: hold.account }),
      object_id: id,
      found: 'object' in read ? vendor.objects.shown(read.object) : null,
      ...(message === undefined ? {} : { message }),
    };
  }

  #objectOf(hold: Hold): { configured: ConfiguredVendor; id: string; path: string } {
    const configured = this.#vendors.get(hold.vendor);
    if (configured === undefined) {
      throw notFound(`The broker has no account ${hold.vendor} any more, so it cannot ask.`);
    }
    const { objectId: id } = hold;
    if (id === null) {
      throw notFound(
        "The vendor's object of this hold is not known: the answer would have named it.",
      );
    }
    const path = configured.vendor.objects.pathOfId(id);
    if (path === undefined) throw notFound(`The broker does not know where the vendor has ${id}.`);
    return { configured, id, path };
  }
}
