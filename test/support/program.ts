/** What a program of the tests is asked. */
export interface Question {
  id: number;
  name: string;
  given: unknown;
}

/** What a program of the tests answers. */
export interface Reply {
  id: number;
  answer?: unknown;
  /** What the work threw. */
  fault?: string;
}

/** Tells the parent process where this one listens, and answers its questions. Ends with it. */
export function answerParent(
  url: string,
  answers: Readonly<Record<string, (given: never) => unknown>>,
): void {
  process.on('message', ({ id, name, given }: Question) => {
    void (async () => {
      const reply: Reply = { id };
      try {
        const answer = answers[name];
        if (answer === undefined) throw new Error(`nobody answers ${name}`);
        reply.answer = await answer(given as never);
      } catch (error) {
        reply.fault = (error as Error).stack ?? String(error);
      }
      process.send?.(reply);
    })();
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ url });
}
