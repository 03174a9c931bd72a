"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.SqliteLedger = void 0;
const audit_entry_1 = require("../../audit/audit-entry");
const brake_1 = require("../../brakes/brake");
const budget_1 = require("../../budgets/budget");
const clock_1 = require("../../clock");
const instant_1 = require("../../instant");
const key_1 = require("../../keys/key");
const usd_1 = require("../../money/usd");
const refusal_1 = require("../../refusal");
const decide_1 = require("../decide");
const operation_1 = require("../operation");
const store_doubt_1 = require("../store-doubt");
const audit_rows_1 = require("./audit-rows");
const audit_table_1 = require("./audit-table");
const balance_check_1 = require("./balance-check");
const brake_table_1 = require("./brake-table");
const budget_table_1 = require("./budget-table");
const group_commit_1 = require("./group-commit");
const hit_count_1 = require("./hit-count");
const hold_table_1 = require("./hold-table");
const journal_1 = require("./journal");
const kept_settlements_1 = require("./kept-settlements");
const key_search_1 = require("./key-search");
const key_table_1 = require("./key-table");
const lease_table_1 = require("./lease-table");
const operation_table_1 = require("./operation-table");
const promised_keys_1 = require("./promised-keys");
const refusal_rows_1 = require("./refusal-rows");
const open_stores_1 = require("./open-stores");
const settlements_1 = require("./settlements");
const sqlite_store_1 = require("./sqlite-store");
const DURABILITY = ['off', 'normal', 'full', 'extra'];
const MAX_PARENTS = 16;
/**
 * The ledger in one SQLite file, or in memory. One process has the file (an exclusive lock), and
 * every acknowledged decision is on the disk (`synchronous=FULL`).
 */
class SqliteLedger {
    #tell;
    #store;
    #connection;
    #commits;
    #keys;
    #search;
    #hits;
    #holds;
    #operations;
    #budgets;
    #brakes;
    #leases;
    #log;
    #settlements;
    #refusals;
    #journal;
    #promised = new promised_keys_1.PromisedKeys();
    #kept;
    /**
     * @param file A path, or `:memory:`.
     * @throws StoreInUseError where a broker has the file.
     * @throws DoubtfulStoreError where it may not be the store that was left.
     * @throws Error where it cannot be opened, or is of a newer version.
     */
    constructor(file, settings = {}) {
        const { clock = new clock_1.Clock(), doubts = new store_doubt_1.AcceptedDoubts(), log = () => { } } = settings;
        this.#tell = log;
        this.#store = (0, sqlite_store_1.openStore)(file, { ...settings, clock, doubts });
        const { connection, chain, latest } = this.#store;
        this.#connection = connection;
        try {
            this.#leases = new lease_table_1.LeaseTable(connection);
            this.#keys = new key_table_1.KeyTable(connection, this.#leases);
            this.#search = new key_search_1.KeySearch(connection);
            this.#holds = new hold_table_1.HoldTable(connection);
            this.#operations = new operation_table_1.OperationTable(connection);
            this.#budgets = new budget_table_1.BudgetTable(connection);
            this.#brakes = new brake_table_1.BrakeTable(connection);
            this.#log = new audit_table_1.AuditTable(connection, chain);
            this.#settlements = new settlements_1.Settlements(this.#keys, this.#holds, this.#operations, this.#log);
            this.#journal = new journal_1.Journal(connection, [
                this.#keys.rows,
                ...this.#holds.rows,
                this.#operations.rows,
            ]);
            this.#commits = new group_commit_1.GroupCommit(connection, {
                beforeCommit: () => {
                    this.#journal.beforeCommit();
                    this.#log.seal();
                    latest.beforeCommit(this.#commits.failed);
                },
                onCommit: () => {
                    latest.committed();
                    this.#journal.committed();
                    this.#keys.committed();
                    this.#holds.committed();
                    this.#promised.committed();
                    this.#refusals.committed();
                },
                onRollback: () => this.#forget(),
                onFailure: (reason) => log(`the store ${file} cannot be written (${reason}): until it can, calls are refused`),
                onRecovery: () => log(`the store ${file} can be written again`),
            });
            this.#kept = new kept_settlements_1.KeptSettlements(this.#commits, this.#operations, log);
            this.#refusals = new refusal_rows_1.RefusalRows(this.#commits, this.#log);
            this.#writeAll();
            (0, balance_check_1.checkBalances)(connection, file, doubts);
            if (this.#operations.inFlight().length > 0) {
                this.#commits.runNow(() => {
                    this.#settlements.endFlights(clock.now());
                    this.#journal.writeAll();
                });
            }
            this.#holds.markAllUnknown();
            this.#operations.forgetFlights();
            this.#journal.forgetRead();
            this.#keys.beginCount(clock.now());
            this.#hits = new hit_count_1.HitCount(this.#search, {
                isHit: (key, brake, now) => this.#stops(brake, key, now),
                note: (brake, hit) => void this.#commits.runSoon(() => this.#brakes.noteHit(brake.id, hit)).catch(() => { }),
            });
            // Those whose count a crash has cut off.
            for (const brake of this.#brakes.standing) {
                if (brake.hit === undefined)
                    this.#hits.begin(brake, clock.now(), 0);
            }
        }
        catch (error) {
            this.#store.abandon();
            throw error;
        }
        (0, open_stores_1.closeWhenForgotten)(this, this.#store.close);
    }
    issue(key, remoteAddress) {
        return this.#commits.run(() => {
            this.#checkIssue(key);
            this.#writeIssue(key, remoteAddress);
        });
    }
    async issueSoon(key, remoteAddress) {
        // A store that may be broken is asked first.
        if (this.#commits.failed)
            return this.issue(key, remoteAddress);
        this.#checkIssue(key);
        this.#promised.add(key, remoteAddress);
        void this.#commits.keep({ work: () => this.#keepPromise(key.id) });
    }
    async linkFaults(links, now) {
        this.#commits.flush();
        return this.#linkFaults(links, now);
    }
    revoke(ids, now, remoteAddress) {
        return this.#commits.run(() => {
            const revokedAt = new Map();
            const unknown = [];
            for (const id of ids) {
                this.#keepPromise(id);
                const key = this.#keys.get(id);
                if (key === undefined) {
                    unknown.push(id);
                }
                else if (key.revokedAt !== undefined) {
                    revokedAt.set(id, key.revokedAt);
                }
                else {
                    this.#keys.revoke(key, now);
                    revokedAt.set(id, now);
                    this.#log.write((0, audit_entry_1.auditRowOf)('revoke', now, key, remoteAddress));
                }
            }
            return { revokedAt, unknown };
        });
    }
    keyByTokenHash(hash) {
        return this.#promised.byTokenHash(hash) ?? this.#keys.byTokenHash(hash);
    }
    async key(id, now) {
        this.#commits.flush();
        const key = this.#key(id);
        return key === undefined ? undefined : this.#withBalance(key, now);
    }
    async keys(filter, page, now) {
        this.#writeAll();
        const { status } = filter;
        return this.#search.page({
            filter,
            page,
            now,
            brakes: this.#brakes.standing,
            unrevoked: this.#keys.counts(now).unrevoked,
            show: (id) => {
                const key = this.#keys.get(id);
                const entry = key === undefined ? undefined : this.#withBalance(key, now);
                return entry === undefined || (status !== undefined && (0, key_1.statusOf)(entry, now) !== status)
                    ? undefined
                    : entry;
            },
        });
    }
    async capsOver(keyId, now) {
        this.#commits.flush();
        const key = this.#key(keyId);
        return key === undefined ? [] : this.#capsOver(key, now);
    }
    async admit(admission) {
        this.#kept.checkRoom();
        return this.#commits.run(() => this.#decide(admission));
    }
    end(end) {
        return this.#kept.add(end, () => this.#settlements.finish(end));
    }
    recordRefusal(row) {
        return this.#refusals.record(row);
    }
    async holds(filter, page) {
        this.#writeAll();
        const stranded = this.#kept.holdIds.filter((id) => {
            const hold = this.#holds.get(id);
            return hold !== undefined && this.#kept.hasStranded(hold);
        });
        const rows = this.#holds.page(filter, { ...page, limit: page.limit + 1 }, stranded);
        const entries = rows.slice(0, page.limit);
        const last = entries.at(-1);
        return {
            entries,
            ...(rows.length > page.limit && last !== undefined ? { next: String(last.position) } : {}),
        };
    }
    endUnknown(callId, settledMicros, now, remoteAddress) {
        return this.#commits.run(() => {
            const hold = this.#holds.get(callId);
            if (hold === undefined)
                throw (0, refusal_1.notFound)('There is no hold of that id.');
            if (hold.state !== 'unknown' && !this.#kept.hasStranded(hold)) {
                throw (0, refusal_1.invalidFields)([
                    {
                        field: 'id',
                        message: `names a hold that is ${hold.state}, and only one that is unknown can be ended`,
                    },
                ]);
            }
            return this.#settlements.endByOperator(hold, settledMicros, now, remoteAddress);
        });
    }
    putBudget(budget, now, remoteAddress) {
        return this.#commits.run(() => {
            const before = this.#budgets.get(budget);
            this.#budgets.put(budget);
            this.#log.write({
                ...(0, audit_rows_1.operatorRow)('budget', now, remoteAddress),
                ...(0, audit_rows_1.auditOfSubject)(budget),
                verdict: 'set',
                reason: `${(0, budget_1.budgetName)(budget)} ${(0, usd_1.usdText)(budget.capMicros)}${before === undefined ? '' : `, ${(0, usd_1.usdText)(before)} before`}`,
                cap_micros: budget.capMicros,
            });
        });
    }
    deleteBudget(subject, now, remoteAddress) {
        return this.#commits.run(() => {
            const removed = this.#budgets.get(subject);
            if (removed === undefined)
                return false;
            this.#budgets.delete(subject);
            this.#log.write({
                ...(0, audit_rows_1.operatorRow)('budget', now, remoteAddress),
                ...(0, audit_rows_1.auditOfSubject)(subject),
                verdict: 'removed',
                reason: `${(0, budget_1.budgetName)(subject)} ${(0, usd_1.usdText)(removed)} before`,
                cap_micros: removed,
            });
            return true;
        });
    }
    async budgets() {
        this.#commits.flush();
        return this.#budgets.all();
    }
    async budgetState(budget, now) {
        this.#commits.flush();
        return {
            scope: budget.scope,
            capMicros: budget.capMicros,
            balance: this.#holds.balance((0, budget_1.dayBalanceName)(budget, (0, budget_1.dayOf)(now))),
            resetsAt: (0, budget_1.endOfDay)(now),
        };
    }
    async putBrake(brake, remoteAddress) {
        await this.#commits.run(() => {
            this.#brakes.put(brake);
            this.#log.write({
                ...(0, audit_rows_1.operatorRow)('brake', brake.createdAt, remoteAddress),
                verdict: 'braked',
                reason: `${brake.id} ${brake.scope} ${brake.target}: ${brake.reason}`,
            });
            // The keys that it hits are counted in their table.
            this.#journal.writeAll();
        });
        // Those whose write has failed so far are in no table.
        const promised = this.#promised
            .live(brake.createdAt)
            .filter((key) => this.#stops(brake, key, brake.createdAt));
        return this.#hits.begin(brake, brake.createdAt, promised.length);
    }
    liftBrake(id, now, remoteAddress) {
        return this.#commits.run(() => {
            const brake = this.#brakes.lift(id);
            if (brake !== undefined) {
                this.#hits.end(id);
                this.#log.write({
                    ...(0, audit_rows_1.operatorRow)('lift', now, remoteAddress),
                    verdict: 'lifted',
                    reason: `${brake.id} ${brake.scope} ${brake.target}`,
                });
            }
            return brake;
        });
    }
    async brakes(now) {
        this.#commits.flush();
        return this.#brakes.standing.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
    }
    putLease(lease) {
        return this.#commits.run(() => this.#leases.put(lease));
    }
    renewLease(id, now) {
        return this.#commits.run(() => {
            const lease = this.#leases.get(id);
            // One that has lapsed stays so: its keys have stopped, and some may have been told.
            if (lease === undefined || lease.expiresAt <= now)
                return undefined;
            const renewed = { ...lease, expiresAt: now + lease.ttlMs };
            this.#leases.put(renewed);
            return renewed;
        });
    }
    endLease(id, now) {
        return this.#commits.run(() => {
            const lease = this.#leases.get(id);
            if (lease === undefined)
                return false;
            this.#leases.put({ ...lease, expiresAt: Math.min(lease.expiresAt, now) });
            return true;
        });
    }
    async audit(filter, page) {
        this.#commits.flush();
        return this.#log.page(filter, page);
    }
    async auditRecords(filter, page) {
        this.#commits.flush();
        return this.#log.records(filter, page);
    }
    async verifyAudit(head) {
        this.#commits.flush();
        return this.#log.verify(head);
    }
    async figures(now) {
        this.#commits.flush();
        return {
            liveKeys: this.#keys.counts(now).live + this.#promised.live(now).length,
            openHolds: this.#holds.openCounts,
            keptSettlements: this.#kept.count,
            ...this.#commits.figures,
        };
    }
    async state() {
        await this.#commits.run(() => undefined);
        const row = this.#connection.prepare('PRAGMA synchronous').get();
        return { kind: 'sqlite', durability: DURABILITY[row.synchronous] ?? String(row.synchronous) };
    }
    copy() {
        const { copier } = this.#store;
        if (copier === undefined)
            throw (0, refusal_1.notFound)('The store is in memory: there is no file to copy.');
        this.#commits.flush();
        return copier.begin();
    }
    async close() {
        this.#hits.close();
        try {
            this.#refusals.close();
        }
        catch {
            // Only a store that cannot be written loses how many there were.
        }
        try {
            this.#writeAll();
        }
        catch {
            // The journal has it: whoever opens the store next writes it to the tables.
        }
        this.#commits.close();
        this.#kept.closed();
        try {
            this.#store.close();
        }
        catch (error) {
            this.#tell(`the store could not be closed as one file (${error.message}): the -wal beside it has the rest, keep the two together`);
        }
    }
    #decide(admission) {
        const { key: given, now, audit } = admission;
        this.#keepPromise(given.id);
        const key = this.#keys.get(given.id);
        const refuse = (refusal, micros = 0) => {
            this.#refusals.write({
                ...audit,
                ...(key === undefined ? {} : (0, audit_rows_1.auditOfCap)(this.#capOf(key, 'key'))),
                event: 'refusal',
                verdict: refusal.code,
                reason: refusal.message,
                requested_micros: micros,
            });
            return { admitted: false, refusal };
        };
        if (key === undefined)
            return refuse((0, refusal_1.invalidKey)(true));
        const brake = this.#brakeOver(key, now);
        if (brake !== undefined)
            return refuse((0, refusal_1.brakedBy)(brake.scope, brake.reason));
        if (!(0, key_1.isLive)(key, now))
            return refuse((0, refusal_1.invalidKey)(true));
        // A cap that cannot be found is one that is reached.
        const missing = this.#lineOf(key).missingId;
        if (missing !== undefined)
            return refuse((0, refusal_1.parentMissing)(missing));
        const known = this.#knownOperation(admission);
        if (known?.sending === 'other')
            return refuse(idempotencyKeyReused());
        const caps = this.#capsOver(key, now);
        if (known?.sending === 'retry')
            return this.#admitRetry(admission, known.operation, caps);
        const { price, account } = admission;
        const object = 'objectId' in price ? this.#holds.object(key.vendor, account, price.objectId) : undefined;
        const micros = priceOrRefusal(() => (0, decide_1.holdFor)(price, object));
        if (micros instanceof refusal_1.BrokerRefusal)
            return refuse(micros);
        const refusal = (0, decide_1.capRefusal)(caps, micros);
        if (refusal !== undefined)
            return refuse(refusal, micros);
        return this.#admitNew(admission, key, caps, micros);
    }
    #knownOperation({ key, operation, now }) {
        if (operation === undefined)
            return undefined;
        const known = this.#operations.get(key.vendor, operation.keyHash);
        if (known === undefined)
            return undefined;
        const hold = known.holdId === undefined ? undefined : this.#holds.get(known.holdId);
        return {
            operation: known,
            sending: (0, operation_1.sendingOf)(known, operation.fingerprint, hold?.state, now),
        };
    }
    #admitNew(admission, key, caps, micros) {
        const { callId, account, price, operation, now } = admission;
        const { vendor, subject } = key;
        const holds = price.kind !== 'free';
        const rootId = 'objectId' in price && price.kind !== 'refund'
            ? this.#holds.rootOf(vendor, account, price.objectId)
            : null;
        const isAlone = rootId !== null && !this.#holds.isTouched(vendor, account, rootId, callId);
        if (holds) {
            const days = (0, budget_1.subjectsOf)(subject, vendor).map((each) => (0, budget_1.dayBalanceName)(each, (0, budget_1.dayOf)(now)));
            this.#holds.insert({
                callId,
                keyId: key.id,
                vendor,
                account,
                rootId,
                micros,
                chargedTo: [...new Set([...caps.map(({ balanceName }) => balanceName), ...days])],
                idempotencyKeyHash: operation?.keyHash ?? null,
                now,
            });
        }
        if (operation !== undefined) {
            this.#operations.put(key.vendor, operation.keyHash, {
                fingerprint: operation.fingerprint,
                ...(holds ? { holdId: callId } : {}),
                firstSentAt: now,
                inFlight: 1,
            });
        }
        return this.#admitted(admission, caps, micros, holds ? callId : undefined, isAlone);
    }
    /** The hold of the operation stands for this call too, whoever it is charged to. */
    #admitRetry(admission, known, caps) {
        const { key, operation } = admission;
        const { dearest, endedAt: _, ...rest } = known;
        this.#operations.put(key.vendor, operation?.keyHash ?? '', {
            ...rest,
            inFlight: known.inFlight + 1,
            ...(known.inFlight > 0 && dearest !== undefined ? { dearest } : {}),
        });
        return this.#admitted(admission, caps, 0, known.holdId);
    }
    #admitted({ callId, key, account, price, operation, now, audit }, caps, micros, holdId, isAlone = false) {
        const remainingMicros = (0, decide_1.remainingAfter)(caps, micros);
        const [own] = caps;
        this.#log.write(audit, {
            ...(own === undefined ? {} : (0, audit_rows_1.auditOfCap)(this.#refreshed(own))),
            remaining_after_micros: remainingMicros,
            // The day on which the hold counts, however long the call took to arrive.
            at: (0, instant_1.instantText)(now),
            event: 'intent',
            verdict: 'forwarded',
            requested_micros: micros,
        });
        return {
            admitted: true,
            hold: {
                callId,
                ...(holdId === undefined ? {} : { holdId }),
                ...(operation === undefined ? {} : { operationKeyHash: operation.keyHash }),
                keyId: key.id,
                vendor: key.vendor,
                account,
                price,
                micros,
                isAlone,
                admittedAt: now,
                audit,
            },
            remainingMicros,
        };
    }
    #capsOver(key, now) {
        const caps = this.#ancestorsOf(key).map((parent) => this.#capOf(parent, 'parent'));
        const own = this.#capOf(key, 'key');
        if (this.#budgets.isEmpty && Object.keys(key.budgets).length === 0)
            return [own, ...caps];
        const day = (0, budget_1.dayOf)(now);
        const budgets = (0, budget_1.subjectsOf)(key.subject, key.vendor).flatMap((subject) => {
            const capMicros = tighter(this.#budgets.capOver(subject), appCap(key.budgets, subject));
            if (capMicros === undefined)
                return [];
            const balanceName = (0, budget_1.dayBalanceName)(subject, day);
            return [
                {
                    scope: subject.scope,
                    capMicros,
                    balance: this.#holds.balance(balanceName),
                    balanceName,
                    resetsAt: (0, budget_1.endOfDay)(now),
                },
            ];
        });
        return [own, ...caps, ...budgets];
    }
    #capOf(key, scope) {
        const balanceName = (0, settlements_1.keyBalanceName)(key.id);
        const balance = this.#holds.balance(balanceName);
        return { scope, capMicros: key.capMicros, balance, balanceName };
    }
    #refreshed(cap) {
        return { ...cap, balance: this.#holds.balance(cap.balanceName) };
    }
    /**
     * The keys a key was issued under, the nearest first.
     *
     * @throws BrokerRefusal where one of them is gone from the store.
     */
    #ancestorsOf(key) {
        const { ancestors, missingId } = this.#lineOf(key);
        if (missingId !== undefined)
            throw (0, refusal_1.parentMissing)(missingId);
        return ancestors;
    }
    /** The keys above a key, as far as the store has them, and the id of the first that it has not. */
    #lineOf(key) {
        const ancestors = [];
        let { parentId } = key;
        while (parentId !== undefined) {
            const parent = this.#key(parentId);
            // More than can be issued: the store was changed by another hand, perhaps to a circle.
            if (parent === undefined || ancestors.length > MAX_PARENTS) {
                return { ancestors, missingId: parentId };
            }
            ancestors.push(parent);
            ({ parentId } = parent);
        }
        return { ancestors };
    }
    /** @throws BrokerRefusal where its parent or its lease is not live, or a brake stands over it. */
    #checkIssue(key) {
        const now = key.createdAt;
        const faults = this.#linkFaults({
            ...(key.parentId === undefined ? {} : { parentId: key.parentId }),
            ...(key.lease === undefined ? {} : { leaseId: key.lease.id }),
        }, now);
        if (faults.length > 0)
            throw (0, refusal_1.invalidFields)(faults);
        const standing = this.#brakes.standing;
        if (standing.length === 0)
            return;
        const { vendor, subject } = key;
        const keyIds = this.#ancestorsOf(key).map(({ id }) => id);
        const brake = (0, brake_1.brakeOver)(standing, { keyIds, vendor, subject }, now);
        if (brake !== undefined)
            throw (0, refusal_1.brakedBy)(brake.scope, brake.reason);
    }
    /** Writes a key; those above it are written first. */
    #writeIssue(key, remoteAddress) {
        this.#keepPromise(key.parentId);
        this.#keys.insert(key);
        this.#holds.openBalance((0, settlements_1.keyBalanceName)(key.id));
        this.#log.write((0, audit_entry_1.auditRowOf)('issue', key.createdAt, key, remoteAddress));
    }
    #keepPromise(id) {
        for (const { key, remoteAddress } of this.#promised.take(id)) {
            this.#writeIssue(key, remoteAddress);
        }
    }
    /** Has the tables say all that there is to say. */
    #writeAll() {
        this.#commits.flush();
        if (!this.#journal.isWritten)
            this.#commits.runNow(() => this.#journal.writeAll());
    }
    #linkFaults({ parentId, leaseId }, now) {
        const faults = [];
        if (parentId !== undefined) {
            const parent = this.#key(parentId);
            if (parent === undefined || !(0, key_1.isLive)(parent, now)) {
                faults.push({ field: 'parent_id', message: 'is not the id of a live key' });
            }
            else {
                const { ancestors, missingId } = this.#lineOf(parent);
                const message = missingId !== undefined
                    ? `is below the key ${missingId}, which is not in the store`
                    : ancestors.length + 1 > MAX_PARENTS
                        ? `has more than ${MAX_PARENTS} keys above it`
                        : undefined;
                if (message !== undefined)
                    faults.push({ field: 'parent_id', message });
            }
        }
        if (leaseId !== undefined) {
            const lease = this.#leases.get(leaseId);
            if (lease === undefined || lease.expiresAt <= now) {
                faults.push({ field: 'lease_id', message: 'is not the id of a live lease' });
            }
        }
        return faults;
    }
    #key(id) {
        return this.#keys.get(id) ?? this.#promised.get(id);
    }
    #withBalance(key, now) {
        return {
            key,
            balance: this.#holds.balance((0, settlements_1.keyBalanceName)(key.id)),
            braked: this.#brakeOver(key, now) !== undefined,
        };
    }
    #brakeOver(key, now) {
        const standing = this.#brakes.standing;
        return standing.length === 0 ? undefined : (0, brake_1.brakeOver)(standing, this.#braking(key), now);
    }
    /** What brakes look at; of the keys above it, those that are there. */
    #braking(key) {
        const { id, vendor, subject } = key;
        const keyIds = [id, ...this.#lineOf(key).ancestors.map((each) => each.id)];
        return { keyIds, vendor, subject };
    }
    #stops(brake, live, now) {
        const key = brake.scope === 'key' ? this.#key(live.id) : undefined;
        return (0, brake_1.brakeOver)([brake], key === undefined ? live : this.#braking(key), now) !== undefined;
    }
    #forget() {
        this.#promised.rolledBack();
        this.#journal.rolledBack();
        this.#keys.rolledBack();
        this.#holds.rolledBack();
        this.#leases.forget();
        this.#budgets.forget();
        this.#brakes.forget();
        this.#refusals.rolledBack();
        this.#log.forget();
    }
}
exports.SqliteLedger = SqliteLedger;
function priceOrRefusal(price) {
    try {
        return price();
    }
    catch (error) {
        if (error instanceof refusal_1.BrokerRefusal)
            return error;
        throw error;
    }
}
function tighter(one, other) {
    if (one === undefined || other === undefined)
        return one ?? other;
    return Math.min(one, other);
}
function appCap(budgets, { scope }) {
    return scope === 'vendor' ? undefined : budgets[scope];
}
function idempotencyKeyReused() {
    return new refusal_1.BrokerRefusal(422, 'idempotency_key_reused', 'This Idempotency-Key was used for another call: another subject, method, path or body. Use a new key for a new call, and the same call for a retry.');
}
