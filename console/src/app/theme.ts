import { effect, signal } from '@preact/signals';

const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
const KEPT_AS = 'vault-keys-theme';

export const theme = signal<Theme>(keptTheme());

/** Light, dark, or what the reader's system says. */
export function applyTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    try {
      localStorage.setItem(KEPT_AS, theme.value);
    } catch {
      // A browser that keeps nothing has the system's theme at the next visit.
    }
  });
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.peek()) + 1) % THEMES.length] ?? 'system';
}

function keptTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEPT_AS);
    return THEMES.find((each) => each === kept) ?? 'system';
  } catch {
    return 'system';
  }
}
