import { daysBetween, daysLater } from '../format/time';

/** UTC days, both counted. */
export interface Days {
  from: string;
  to: string;
}

export const PRESETS = [
  ['today', 'Today'],
  ['7', '7 days'],
  ['30', '30 days'],
  ['month', 'This month'],
  ['own', 'Chosen days'],
] as const;
export type Preset = (typeof PRESETS)[number][0];

/** The days of a period that is known by its name. */
export function daysOf(preset: Preset, today: string, own: Partial<Days> = {}): Days {
  switch (preset) {
    case 'today':
      return { from: today, to: today };
    case '7':
      return { from: daysLater(today, -6), to: today };
    case '30':
      return { from: daysLater(today, -29), to: today };
    case 'month':
      return { from: `${today.slice(0, 7)}-01`, to: today };
    case 'own':
      return { from: own.from ?? today, to: own.to ?? today };
  }
}

/** As many days right before. */
export function daysBefore({ from, to }: Days): Days {
  return { from: daysLater(from, -daysBetween(from, to)), to: daysLater(from, -1) };
}

/** What a form can be asked for; else what is wrong. */
export function daysFault({ from, to }: Days): string | undefined {
  const form = /^\d{4}-\d\d-\d\d$/;
  if (!form.test(from) || !form.test(to)) return 'A day is missing.';
  return from > to ? 'The first day is after the last.' : undefined;
}
