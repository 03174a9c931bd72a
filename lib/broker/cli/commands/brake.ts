import type { BrakeView } from '../../brakes/brake-view';
import { minute, shown, table } from '../table';
import type { Column } from '../table';
import { BadUsage, COMMON_HELP, operandsOf, reasonBody, segment } from '../command';
import type { Command } from '../command';

const COLUMNS: readonly Column<BrakeView>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'SCOPE', text: ({ scope }) => scope },
  { title: 'TARGET', text: ({ target }) => target ?? '', shrinks: true },
  { title: 'TENANT', text: ({ tenant_id }) => tenant_id ?? '', shrinks: true },
  {
    title: 'EXPIRES',
    text: ({ expires_at }) => (expires_at === undefined ? '' : minute(expires_at)),
  },
  { title: 'HIT', text: ({ hit }) => String(hit ?? ''), right: true },
  { title: 'SET BY', text: ({ set_by }) => set_by, shrinks: true },
  { title: 'REASON', text: ({ reason }) => reason, shrinks: true },
];

export const brakeCommand: Command = {
  help: `Usage: vault-key-broker brake          lists the active brakes
       vault-key-broker brake SCOPE ID --reason TEXT
       vault-key-broker brake all --reason TEXT

  SCOPE          tenant, user, run, tool, vendor, key
  --reason TEXT  shown to the agents that it stops
  --tenant T     only within this tenant
  --for TIME     such as 30m; without it, the brake is active until it is lifted
${COMMON_HELP}`,
  options: ['reason', 'tenant', 'for'],
  async run({ api, operands, options: { reason, tenant, for: time } }) {
    if (operands.length === 0) {
      if ((reason ?? tenant ?? time) !== undefined) throw new BadUsage('SCOPE is missing');
      const json = await api.call<{ brakes: readonly BrakeView[] }>('GET', '/v1/brakes');
      return { json, text: table(COLUMNS, json.brakes) };
    }
    const [scope, id] =
      operands[0] === 'all' ? operandsOf(operands, 'SCOPE') : operandsOf(operands, 'SCOPE', 'ID');
    if (reason === undefined) throw new BadUsage('--reason is missing');
    const json = await api.call<BrakeView>('POST', '/v1/brakes', {
      scope,
      ...(id === undefined ? {} : { id }),
      ...(tenant === undefined ? {} : { tenant_id: tenant }),
      reason,
      ...(time === undefined ? {} : { expires_in: time }),
    });
    const { id: brakeId, hit } = json;
    const keys = `${hit} live ${hit === 1 ? 'key' : 'keys'}`;
    const text =
      hit === null
        ? `${brakeId} is in force; brake tells how many live keys it hit, once they are counted; lift it with: lift ${brakeId}\n`
        : `${brakeId} stops ${keys}; lift it with: lift ${brakeId}\n`;
    return { json, text };
  },
};

export const liftCommand: Command = {
  help: `Usage: vault-key-broker lift BRAKE_ID --reason TEXT      lifts a brake

  --reason TEXT  goes into the audit log; an operator has to give it
${COMMON_HELP}`,
  options: ['reason'],
  async run({ api, operands, options }) {
    const [id = ''] = operandsOf(operands, 'BRAKE_ID');
    const json = await api.call('DELETE', `/v1/brakes/${segment(id)}`, reasonBody(options));
    return { json, text: `lifted ${shown(id)}\n` };
  },
};
