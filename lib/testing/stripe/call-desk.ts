import { setTimeout as delay } from 'node:timers/promises';
import type { PreparedCall } from './endpoint';
import { findEndpoint } from './endpoints';
import { expand } from './expansion';
import { assertPermitted } from './permissions';
import { apiVersionOf, callerOf, ended, idempotencyKeyOf, shownKey } from './received-call';
import type { Caller, ReceivedCall } from './received-call';
import { answerTo, isSaved, scriptedAnswer } from './scripted-answer';
import { send, sendHalf, sendPadded } from './send-answer';
import type { StripeAnswer } from './stripe-answer';
import type { StripeScript } from './stripe-script';
import type { VendorAccount } from './received-call';

/** What comes before the endpoint: an answer already, or a call that may execute. */
type Admission = (
  { readonly answer: StripeAnswer } | { readonly prepared: PreparedCall; readonly id: string }
) & { readonly account?: VendorAccount | undefined };

export type ScriptedTurn = NonNullable<ReturnType<StripeScript['take']>>;

/** Answers calls: as Stripe does, or as a script says. */
export class CallDesk {
  /** @param callers who is behind a secret */
  constructor(private readonly callers: ReadonlyMap<string, Caller>) {}

  answer(received: ReceivedCall): void {
    send(received, this.#execute(received, this.#admit(received)));
  }

  /** Everything Stripe does before an endpoint starts to execute: what fails here is stored under no key. */
  #admit(received: ReceivedCall): Admission {
    const { call } = received;
    let account: VendorAccount | undefined;
    try {
      const caller = callerOf(received, this.callers);
      account = caller.account;
      call.account = account.id;
      account.book.open(call);
      const { endpoint, id } = findEndpoint(call.method, call.path);
      assertPermitted(caller.permissions, call.method, call.path, shownKey(received), account.id);
      if (received.malformed !== undefined) throw received.malformed;
      const key = idempotencyKeyOf(call);
      if (key !== undefined) {
        const stored = account.idempotencyKeys.recall(key, call.path, call.params);
        if (stored !== undefined) return { answer: stored, account };
      }
      const prepared = endpoint.prepare(call.params);
      if (key !== undefined) {
        account.idempotencyKeys.begin(key, call.path, call.params, call.requestId);
      }
      return { prepared, id, account };
    } catch (error) {
      return { answer: answerTo(error), account };
    }
  }

  #execute({ call, request }: ReceivedCall, admission: Admission, decline?: string): StripeAnswer {
    if ('answer' in admission) {
      call.replayed = admission.answer.replayOf !== undefined;
      return admission.answer;
    }
    const { prepared, id } = admission;
    const account = admission.account!;
    call.executed = true;
    let answer: StripeAnswer;
    try {
      const shown = prepared.execute({
        account: account.state,
        apiVersion: apiVersionOf(request),
        id,
        decline,
        move: (movement) =>
          account.move({
            ...movement,
            idempotencyKey: call.idempotencyKey,
            call: call.sequence,
          }),
      });
      answer = { status: 200, body: JSON.stringify(expand(account.state, shown, prepared.expand)) };
    } catch (error) {
      answer = answerTo(error);
    }
    const key = idempotencyKeyOf(call);
    if (key !== undefined) account.idempotencyKeys.save(key, answer);
    return answer;
  }

  /**
   * Answers a call as a script says.
   *
   * @param isStale whether the vendor was reset meanwhile: such a call, and its connection, are gone
   */
  async play(received: ReceivedCall, turn: ScriptedTurn, isStale: () => boolean): Promise<void> {
    const { call, response } = received;
    const { fault } = turn;
    const delayMs = 'delayMs' in fault ? (fault.delayMs ?? 0) : 0;

    if ('status' in fault && fault.at !== 'after') {
      if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
      if (isStale()) return;
      const answer = scriptedAnswer(fault, call);
      if (isSaved(fault, call)) saveInstead(received, this.#admit(received), answer);
      send(received, answer);
      turn.arrive();
      return;
    }

    const admission = this.#admit(received);
    if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
    if (isStale()) return;

    const strikesBefore =
      ('hold' in fault && fault.hold === 'before') ||
      ('hang' in fault && fault.hang === 'before') ||
      ('reset' in fault && fault.reset === 'before');
    if (strikesBefore) {
      turn.arrive();
      if ('hold' in fault) {
        await turn.released;
      } else {
        if ('reset' in fault) response.socket?.resetAndDestroy();
        await ended(received);
      }
      if (isStale()) return;
      if (!('hold' in fault)) {
        const key = idempotencyKeyOf(call);
        if (key !== undefined && 'prepared' in admission) {
          admission.account!.idempotencyKeys.abandon(key);
        }
        return;
      }
    }

    const decline = 'decline' in fault ? fault.decline : undefined;
    const answer = this.#execute(received, admission, decline);
    if (!strikesBefore) turn.arrive();

    if ('hold' in fault) {
      if (!strikesBefore) await turn.released;
      if (!isStale()) send(received, answer);
    } else if ('status' in fault) {
      const scripted = scriptedAnswer(fault, call);
      if (isSaved(fault, call)) saveInstead(received, admission, scripted);
      send(received, scripted);
    } else if ('hang' in fault) {
      await ended(received);
    } else if ('reset' in fault) {
      response.socket?.resetAndDestroy();
    } else if ('truncate' in fault) {
      sendHalf(received, answer);
    } else if ('stream' in fault) {
      await sendPadded(received, answer, fault.stream);
    } else {
      send(received, answer);
    }
  }
}

function saveInstead({ call }: ReceivedCall, admission: Admission, answer: StripeAnswer): void {
  const key = idempotencyKeyOf(call);
  if (key !== undefined && 'prepared' in admission) {
    admission.account!.idempotencyKeys.save(key, answer);
  }
}
