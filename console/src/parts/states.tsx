import type { ComponentChildren } from 'preact';
import type { ApiFault } from '../api/fault';
import type { Result } from '../api/use-query';

/** What stands where nothing is: why, and what would bring something. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

/** Something that a person must know, beside what they do. */
export function Note({
  tone,
  isNews,
  children,
}: {
  tone: 'good' | 'warn' | 'bad' | 'plain';
  /** Whether a screen reader says it at once: what a person has just caused, or must not miss. */
  isNews?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class={`note note-${tone}`} role={isNews === true ? 'alert' : undefined}>
      {children}
    </div>
  );
}

/** A word about a state, in its colour. */
export function Badge({
  tone,
  children,
}: {
  tone: 'good' | 'warn' | 'bad' | 'plain';
  children: ComponentChildren;
}) {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

/** What an answer brought; until then that it is asked for, and why it cannot be had. */
export function Answered<T>({
  result,
  what,
  children,
}: {
  result: Result<T>;
  /** `The keys` */
  what: string;
  children: (data: T) => ComponentChildren;
}) {
  const { data, fault } = result;
  return (
    <>
      {fault !== undefined && <FaultNote fault={fault} what={what} isOld={data !== undefined} />}
      {data !== undefined ? children(data) : fault === undefined && <Loading what={what} />}
    </>
  );
}

function FaultNote({ fault, what, isOld }: { fault: ApiFault; what: string; isOld: boolean }) {
  if (fault.code === 'session_ended') return null;
  if (fault.status === 404) {
    return (
      <Empty title="Not here">{`${what} cannot be shown: this broker does not have that.`}</Empty>
    );
  }
  if (fault.status === 403) {
    return (
      <Note tone="warn">{`${what} cannot be shown: your role does not let you read that.`}</Note>
    );
  }
  return (
    <Note tone="bad" isNews>
      {what} cannot be read now. {fault.message}
      {isOld && ' What is shown is what was read before.'}
    </Note>
  );
}

function Loading({ what }: { what: string }) {
  return (
    <p class="loading">
      <span class="muted">Reading {what[0]?.toLowerCase() + what.slice(1)} …</span>
    </p>
  );
}
