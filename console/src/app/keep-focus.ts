/**
 * Has the head of the view take the focus where what had it is gone, as the row of a brake that was lifted: else the
 * next Tab would begin at the top of the page.
 *
 * @returns What ends it.
 */
export function keepFocus(within: HTMLElement): () => void {
  let focused: EventTarget | null = null;
  const note = ({ target }: FocusEvent): void => void (focused = target);
  within.addEventListener('focusin', note);
  const observer = new MutationObserver(() => {
    if (!(focused instanceof Node) || focused.isConnected) return;
    focused = null;
    if (document.activeElement !== document.body) return;
    within.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  });
  observer.observe(within, { childList: true, subtree: true });
  return () => {
    within.removeEventListener('focusin', note);
    observer.disconnect();
  };
}
