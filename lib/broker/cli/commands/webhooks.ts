import type { ParkedEventView, ReplayView, WebhookView } from '../../webhooks/webhook-view';
import { BadUsage, COMMON_HELP, operandsOf, segment } from '../command';
import type { Command, CommandInput, CommandResult } from '../command';
import { instant, table } from '../table';
import type { Column } from '../table';

const COLUMNS: readonly Column<WebhookView>[] = [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'STATUS', text: ({ status }) => status },
  { title: 'AHEAD', text: ({ rows_ahead }) => String(rows_ahead), right: true },
  { title: 'BEHIND', text: ({ subjects_behind }) => String(subjects_behind), right: true },
  { title: 'PARKED', text: ({ parked }) => String(parked.length), right: true },
  { title: 'NEXT TRY', text: ({ next_attempt_at }) => instant(next_attempt_at) },
  { title: 'LAST FAILURE', text: ({ last_failure = '' }) => last_failure, shrinks: true },
];
const PARKED_COLUMNS: readonly Column<ParkedEventView & { name: string }>[] = [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'EVENT', text: ({ id }) => id },
  { title: 'KIND', text: ({ kind }) => kind },
  { title: 'PARKED', text: ({ parked_at }) => instant(parked_at) },
  { title: 'REASON', text: ({ reason }) => reason, shrinks: true },
];
const REPLAY_COLUMNS: readonly Column<ReplayView>[] = [
  { title: 'EVENT', text: ({ id }) => id },
  { title: 'OUTCOME', text: ({ outcome }) => outcome },
  { title: 'STATUS', text: ({ receiver_status = '' }) => String(receiver_status), right: true },
  { title: 'REASON', text: ({ reason = '' }) => reason, shrinks: true },
];

export const webhooksCommand: Command = {
  help: `Usage: vault-key-broker webhooks [list]            which there are, and how far each has come
       vault-key-broker webhooks replay NAME ID…  sends events once more, now
       vault-key-broker webhooks resume NAME      sends again to a receiver that has answered 410

AHEAD: rows of the audit log that it has not come to. BEHIND: subjects that wait for an event that
has failed. PARKED: events that did not arrive within 3 days; they can be replayed for 7 more.
${COMMON_HELP}`,
  options: [],
  run(input) {
    const [action = 'list', ...operands] = input.operands;
    if (action === 'list') return list(input, operands);
    if (action === 'replay') return replay(input, operands);
    if (action === 'resume') return resume(input, operands);
    throw new BadUsage(`${action} is not list, replay or resume`);
  },
};

async function list({ api }: CommandInput, operands: readonly string[]): Promise<CommandResult> {
  operandsOf(operands);
  const json = await api.call<{ webhooks: readonly WebhookView[] }>('GET', '/v1/webhooks');
  const parked = json.webhooks.flatMap(({ name, parked: all }) =>
    all.map((each) => ({ ...each, name })),
  );
  const below = parked.length === 0 ? '' : `\n${table(PARKED_COLUMNS, parked)}`;
  return { json, text: `${table(COLUMNS, json.webhooks)}${below}` };
}

/** Fails where one of them has not arrived. */
async function replay(
  { api }: CommandInput,
  [name, ...ids]: readonly string[],
): Promise<CommandResult> {
  if (name === undefined || ids.length === 0) throw new BadUsage('replay takes NAME and ID');
  const path = `/v1/webhooks/${segment(name)}/replay`;
  const replayed: ReplayView[] = [];
  for (const id of ids) replayed.push(await api.call<ReplayView>('POST', path, { id }));
  const ok = replayed.every(({ outcome }) => outcome === 'delivered');
  return { json: replayed, text: table(REPLAY_COLUMNS, replayed), ok };
}

async function resume({ api }: CommandInput, operands: readonly string[]): Promise<CommandResult> {
  const [name = ''] = operandsOf(operands, 'NAME');
  const json = await api.call<WebhookView>('POST', `/v1/webhooks/${segment(name)}/resume`);
  return { json, text: table(COLUMNS, [json]) };
}
