import { useEffect, useRef, useState } from 'preact/hooks';
import { asFault } from './fault';
import type { ApiFault } from './fault';
import { pulse } from './live';

/** What was asked of the API, as it last answered. */
export interface Result<T> {
  /** Kept while it is asked for again, and where that fails. */
  data?: T;
  /** Why the last question had no answer. */
  fault?: ApiFault;
  /** Asks again now. */
  reload(): void;
}

/** Between two questions, so that a page beside a busy broker asks for a small part of its time alone. */
const MIN_PAUSE_MS = 600;
const MAX_PAUSE_MS = 10_000;
const PAUSE_PER_MS = 3;

/**
 * Asks the API, and asks again whenever something may have changed.
 *
 * @param key What the question depends on: with another one it is another question, and its data is gone.
 * `undefined` asks nothing.
 */
export function useQuery<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
): Result<T> {
  const [state, setState] = useState<{ key?: string; data?: T; fault?: ApiFault }>({});
  const question = useRef(load);
  question.current = load;
  const again = useRef(() => {});
  useEffect(() => {
    if (key === undefined) return;
    const control = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAsking = false;
    let isWanted = false;
    let notBefore = 0;
    const run = async (): Promise<void> => {
      if (isAsking) {
        isWanted = true;
        return;
      }
      isAsking = true;
      isWanted = false;
      const began = performance.now();
      try {
        const data = await question.current(control.signal);
        if (!control.signal.aborted) setState({ key, data });
      } catch (error) {
        if (control.signal.aborted) return;
        const fault = asFault(error);
        setState((before) =>
          before.key === key && before.data !== undefined
            ? { key, data: before.data, fault }
            : { key, fault },
        );
      }
      isAsking = false;
      const took = performance.now() - began;
      notBefore =
        performance.now() + Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, PAUSE_PER_MS * took));
      if (isWanted) later();
    };
    const later = (): void => {
      if (isAsking) {
        isWanted = true;
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(() => void run(), Math.max(0, notBefore - performance.now()));
    };
    again.current = () => {
      notBefore = 0;
      later();
    };
    void run();
    let isFirst = true;
    const stop = pulse.subscribe(() => {
      if (!isFirst) later();
      isFirst = false;
    });
    return () => {
      stop();
      clearTimeout(timer);
      control.abort();
    };
  }, [key]);
  const reload = (): void => again.current();
  if (key === undefined || state.key !== key) return { reload };
  const { data, fault } = state;
  return {
    ...(data === undefined ? {} : { data }),
    ...(fault === undefined ? {} : { fault }),
    reload,
  };
}
