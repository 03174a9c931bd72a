import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { silentSince } from '../api/client';
import { link } from '../api/live';
import { logOut } from '../api/log-in';
import { session } from '../api/session';
import { counted } from '../format/money';
import { fullText, zoneName } from '../format/time';
import { now, zone } from '../format/zone';
import { roleText } from '../words/names';
import { useWaiting, waiting } from '../now/waiting';
import { Find } from './find';
import { keepFocus } from './keep-focus';
import { Mark } from './mark';
import { route } from './route';
import { hashOf } from './routes';
import type { View } from './routes';
import { nextTheme, theme } from './theme';

/** What waits for somebody, what is spent and by whose leave, and what is behind it. */
const PLACES: readonly (readonly (readonly [view: View, name: string])[])[] = [
  [
    ['now', 'Now'],
    ['approvals', 'Approvals'],
    ['holds', 'Unknown holds'],
  ],
  [
    ['calls', 'Calls'],
    ['spend', 'Spend'],
    ['budgets', 'Budgets'],
    ['brakes', 'Brakes'],
    ['keys', 'Keys'],
  ],
  [
    ['webhooks', 'Webhooks'],
    ['audit', 'Audit'],
  ],
];
/** They read what waits by themselves. */
const READ_WAITING: ReadonlySet<View> = new Set(['now', 'approvals', 'holds']);

/** What stands around every view. */
export function Frame({ children }: { children: ComponentChildren }) {
  const { view } = route.value;
  const [isMenuOpen, setMenuOpen] = useState(false);
  useEffect(() => setMenuOpen(false), [route.value]);
  const { approvals, holds } = waiting.value;
  const counts: Partial<Record<View, number>> = { approvals, holds };
  useWaiting(READ_WAITING.has(view));
  const main = useRef<HTMLElement>(null);
  useEffect(() => (main.current === null ? undefined : keepFocus(main.current)), []);
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
            <Mark />
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
            {PLACES.map((group) => (
              <ul key={group[0]?.[0]}>
                {group.map(([each, name]) => {
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
            ))}
          </nav>
          <Who />
        </div>
      </header>
      <p class="unseen" role="status">
        {waitingText(approvals, holds)}
      </p>
      <main tabIndex={-1} id="main" ref={main}>
        <Silence />
        {children}
      </main>
    </div>
  );
}

/** Said whenever it is another number. */
function waitingText(approvals: number, holds: number): string {
  return [
    approvals > 0 && `${counted(approvals, 'approval')} waiting`,
    holds > 0 && `${counted(holds, 'unknown hold')} waiting`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** Who is logged in, and how they like the page. */
function Who() {
  const state = session.value;
  const who = state.state === 'in' || state.state === 'ended' ? state.who : undefined;
  return (
    <div class="who">
      <LinkState />
      <div class="settings">
        <button
          type="button"
          class="setting"
          title={`Your time zone is ${zoneName()}`}
          onClick={() => (zone.value = zone.value === 'UTC' ? 'local' : 'UTC')}
        >
          Times in <span>{zone.value === 'UTC' ? 'UTC' : zoneName()}</span>
        </button>
        <button type="button" class="setting" onClick={nextTheme}>
          Theme <span>{theme.value}</span>
        </button>
      </div>
      {who !== undefined && (
        <div class="operator">
          <div>
            <strong>{who.operator}</strong>
            <button type="button" class="button button-small" onClick={() => void logOut()}>
              Log out
            </button>
          </div>
          <span>{roleText(who.role)}</span>
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
