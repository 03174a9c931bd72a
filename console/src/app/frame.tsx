import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { silentSince } from '../api/client';
import { link } from '../api/live';
import { logOut } from '../api/log-in';
import { session } from '../api/session';
import { fullText, zoneName } from '../format/time';
import { now, zone } from '../format/zone';
import { roleText } from '../words/names';
import { waiting } from '../now/waiting';
import { Find } from './find';
import { route } from './route';
import { hashOf } from './routes';
import type { View } from './routes';
import { nextTheme, theme } from './theme';

const PLACES: readonly (readonly [view: View, name: string])[] = [
  ['now', 'Now'],
  ['approvals', 'Approvals'],
  ['holds', 'Unknown holds'],
  ['calls', 'Calls'],
  ['spend', 'Spend'],
  ['budgets', 'Budgets'],
  ['brakes', 'Brakes'],
  ['keys', 'Keys'],
  ['audit', 'Audit'],
];

/** What stands around every view. */
export function Frame({ children }: { children: ComponentChildren }) {
  const { view } = route.value;
  const [isMenuOpen, setMenuOpen] = useState(false);
  useEffect(() => setMenuOpen(false), [route.value]);
  const { approvals, holds } = waiting.value;
  const counts: Partial<Record<View, number>> = { approvals, holds };
  return (
    <div class="frame">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The hash names the view.
          event.preventDefault();
          document.querySelector<HTMLElement>('main')?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="side">
        <div class="brand-row">
          <a class="brand" href={hashOf('now')}>
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <rect width="32" height="32" rx="8" />
              <circle cx="12.5" cy="16" r="5" />
              <path d="M17.500 16H27m-3.500 0v4.500" />
            </svg>
            Vault keys
          </a>
          <button
            type="button"
            class="button menu-button"
            aria-expanded={isMenuOpen}
            aria-controls="menu"
            onClick={() => setMenuOpen(!isMenuOpen)}
          >
            Menu
          </button>
        </div>
        <div class={isMenuOpen ? 'menu menu-open' : 'menu'} id="menu">
          <Find />
          <nav aria-label="Views">
            <ul>
              {PLACES.map(([each, name]) => {
                const count = counts[each] ?? 0;
                return (
                  <li key={each}>
                    <a href={hashOf(each)} aria-current={each === view ? 'page' : undefined}>
                      {name}
                      {count > 0 && (
                        <span class="count">
                          {count}
                          <span class="unseen"> waiting</span>
                        </span>
                      )}
                    </a>
                  </li>
                );
              })}
            </ul>
          </nav>
          <Who />
        </div>
      </header>
      <main tabIndex={-1} id="main">
        <Silence />
        {children}
      </main>
    </div>
  );
}

/** Who is logged in, and how they like the page. */
function Who() {
  const state = session.value;
  const who = state.state === 'in' || state.state === 'ended' ? state.who : undefined;
  return (
    <div class="who">
      <LinkState />
      <div class="who-buttons">
        <button
          type="button"
          class="button button-small"
          title={`Your time zone is ${zoneName()}`}
          onClick={() => (zone.value = zone.value === 'UTC' ? 'local' : 'UTC')}
        >
          Times in {zone.value === 'UTC' ? 'UTC' : zoneName()}
        </button>
        <button type="button" class="button button-small" onClick={nextTheme}>
          Theme: {theme.value}
        </button>
      </div>
      {who !== undefined && (
        <div class="operator">
          <span>
            <strong>{who.operator}</strong> {roleText(who.role)}
          </span>
          <button type="button" class="button button-small" onClick={() => void logOut()}>
            Log out
          </button>
        </div>
      )}
    </div>
  );
}

function LinkState() {
  const isSilent = silentSince.value !== undefined;
  const text = isSilent
    ? 'No answer'
    : link.value === 'events'
      ? 'Live'
      : link.value === 'polling'
        ? 'Live, asked each second'
        : 'Connecting';
  return (
    <p class={isSilent ? 'link link-bad' : 'link link-good'}>
      {text}
      <span class="muted clock">
        {fullText(new Date(now.value).toISOString(), 'UTC').slice(-12)}
      </span>
    </p>
  );
}

/** Says that all numbers are old. */
function Silence() {
  const since = silentSince.value;
  if (since === undefined) return null;
  return (
    <div class="note note-bad silence" role="alert">
      The broker does not answer. What you see is from before{' '}
      {fullText(new Date(since).toISOString(), zone.value)}.
    </div>
  );
}
