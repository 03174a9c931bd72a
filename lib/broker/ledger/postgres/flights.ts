import type { Operation } from '../rules/operation';
import type { Flights, FlownOperation } from './loaded-rows';

/** Whose calls are in flight under an operation, once an instance has changed how many are. */
export function flightsAfter(
  known: FlownOperation | undefined,
  operation: Operation,
  writer: string,
): Flights {
  const isSame = known === undefined || known.operation.holdId === operation.holdId;
  // Under a new hold the calls under the one before are in flight no more.
  const flights = isSame ? { ...known?.flights } : {};
  const others = Object.entries(flights).reduce(
    (sum, [of, count]) => (of === writer ? sum : sum + count),
    0,
  );
  const own = operation.inFlight - others;
  if (own > 0) flights[writer] = own;
  else delete flights[writer];
  return flights;
}

/** The flights of an instance that is gone are another one's. */
export function flightsAdopted(flights: Flights, gone: string, by: string): Flights {
  const { [gone]: count = 0, ...others } = flights;
  return { ...others, [by]: (others[by] ?? 0) + count };
}
