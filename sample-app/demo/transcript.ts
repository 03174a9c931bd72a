import type { ToolCall } from './agent';
import { jsonText, wrapped } from './text';

/** What a person reads while the agent runs, and what did not go as told. */
export class Transcript {
  readonly #failures: string[] = [];
  #steps = 0;

  /** Everything that was claimed and did not hold. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Begins a step of the run. */
  step(title: string): void {
    this.#steps += 1;
    this.say(`\n${this.#steps}. ${title}`);
  }

  say(text: string): void {
    for (const line of text.split('\n')) console.log(wrapped(line));
  }

  /** Shows a call and its answer. */
  call({ user, method, path, sent, status, answer }: ToolCall): void {
    const request = sent === undefined ? path : `${path} ${JSON.stringify(sent)}`;
    console.log(wrapped(`   ${user}'s agent: ${method} ${request}`));
    console.log(`   ${status} ${jsonText(answer, '       ')}`);
  }

  /** Claims something, and shows whether it holds and what was found instead. */
  check(claim: string, holds: boolean, found?: unknown): void {
    if (holds) {
      this.say(`   ok: ${claim}`);
      return;
    }
    const failure = `NOT SO: ${claim}${found === undefined ? '' : `; found ${JSON.stringify(found)}`}`;
    this.fails(failure);
    this.say(`   ${failure}`);
  }

  /** Takes in something that did not go as told. */
  fails(failure: string): void {
    this.#failures.push(failure);
  }

  /** Says how the run went. */
  verdict(): void {
    if (this.#failures.length === 0) {
      this.say('\nEverything went as told, and both books agree.');
      return;
    }
    this.say('\nNot everything went as told:');
    for (const failure of this.#failures) this.say(`- ${failure}`);
  }

  /** The lines to try while the sample keeps serving. */
  invitation(url: string): void {
    const post = (tool: string, body: object) =>
      `curl -i ${url}/agent-tools/${tool} -H 'X-User-ID: ada' \\\n` +
      `  -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
    console.log(
      [
        '',
        `Serving on ${url} until Ctrl-C. Try:`,
        '',
        '# a charge',
        post('charge', { amount: 1_250 }),
        '# a loop of charges, stopped at the cap: 402',
        post('charge', { amount: 3_000, times: 20 }),
        '# the latest charges',
        `curl -i ${url}/agent-tools/charges -H 'X-User-ID: ada'`,
        '# money to a bank account, refused: 403',
        post('payout', { amount: 5_000 }),
        '',
        `The same tools over MCP, with the header X-User-ID: ${url}/mcp`,
        '',
      ].join('\n'),
    );
  }
}
