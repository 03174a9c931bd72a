/** The place of an event: the row of the audit log that tells it, and which of that row's events it is. */
export interface EventPlace {
  row: number;
  part: number;
}

/** No row tells as many events. */
const LAST_PART = 9;

/** After all events that a row tells. */
export function endOfRow(row: number): EventPlace {
  return { row, part: LAST_PART };
}

/** The id of an event: `1042`, and `1042.1` for the second one that the same row tells. */
export function eventId({ row, part }: EventPlace): string {
  return part === 0 ? String(row) : `${row}.${part}`;
}

/** Reads what {@link eventId} wrote; `undefined` for any other text. */
export function placeOfEvent(id: string): EventPlace | undefined {
  const [match, row, part] = /^(0|[1-9]\d{0,14})(?:\.([1-9]))?$/.exec(id) ?? [];
  return match === undefined ? undefined : { row: Number(row), part: Number(part ?? 0) };
}

/** Whether the event at a place comes after another one. */
export function isAfter(place: EventPlace, other: EventPlace): boolean {
  return place.row > other.row || (place.row === other.row && place.part > other.part);
}
