import type { ComponentChildren } from 'preact';

/** One thing that a person looks at, with its name. */
export function Panel({
  title,
  aside,
  children,
  isFlush,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  /** Its table goes to the edges. */
  isFlush?: boolean;
}) {
  return (
    <section class={isFlush === true ? 'panel panel-flush' : 'panel'} aria-label={title}>
      <div class="panel-head">
        <h2>{title}</h2>
        {aside !== undefined && <div class="panel-aside">{aside}</div>}
      </div>
      <div class="panel-body">{children}</div>
    </section>
  );
}

/** The head of a view: its name, what it is about, and what can be done. */
export function ViewHead({
  title,
  about,
  actions,
}: {
  title: ComponentChildren;
  about?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  return (
    <div class="view-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {about !== undefined && <p class="about">{about}</p>}
      </div>
      {actions !== undefined && <div class="actions">{actions}</div>}
    </div>
  );
}

/** Facts by name. */
export function Facts({
  facts,
}: {
  facts: readonly (readonly [name: string, value: ComponentChildren])[];
}) {
  return (
    <dl class="facts">
      {facts
        .filter(
          ([, value]) => value !== undefined && value !== null && value !== '' && value !== false,
        )
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** An id: what tells it from others shows, and the whole of it is its title. */
export function Id({ id, href, isShort }: { id: string; href?: string; isShort?: boolean }) {
  const begin = isShort === true ? id.indexOf('_') + 1 : 9;
  const text = id.length > 22 ? `${id.slice(0, begin)}…${id.slice(-6)}` : id;
  return href === undefined ? (
    <code class="id" title={id}>
      {text}
    </code>
  ) : (
    <a href={href} class="id" title={id}>
      {text}
    </a>
  );
}
