// Who answers the walk: a person at a terminal, or the walk itself.
import readline from 'node:readline';
import { complete } from '../console/complete.js';
import { ownUsages } from './orders.js';
import { type Asker, walkVerbs } from './walk.js';

/** Types what the walk expects. */
export class AutoAsker implements Asker {
  constructor(private readonly out: NodeJS.WritableStream) {}

  async ask(prompt: string, expected: string): Promise<string> {
    this.out.write(`\n${prompt}${expected}\n`);
    return expected;
  }
}

export interface PersonOptions {
  readonly input: NodeJS.ReadableStream;
  readonly out: NodeJS.WritableStream;
  /** Names of the nodes, for completion. */
  readonly nodes: readonly string[];
  /** Ctrl-C. */
  readonly onInterrupt: () => void;
}

export class Person implements Asker, Disposable {
  private readonly prompt: readline.Interface;
  /** Lines typed ahead. */
  private readonly lines: string[] = [];
  private waiting: ((line: string | undefined) => void) | undefined;
  private isClosed = false;
  private readonly out: NodeJS.WritableStream;

  constructor({ input, out, nodes, onInterrupt }: PersonOptions) {
    this.out = out;
    this.prompt = readline.createInterface({
      input,
      output: out,
      terminal: true,
      completer: (line: string) => completeHere(line, nodes),
    });
    this.prompt.on('line', line => {
      if (this.waiting === undefined) this.lines.push(line);
      else this.answer(line);
    });
    this.prompt.on('SIGINT', onInterrupt);
    // Ctrl-D, or a terminal that has gone.
    this.prompt.on('close', () => {
      this.isClosed = true;
      this.answer(undefined);
    });
  }

  ask(prompt: string): Promise<string | undefined> {
    this.prompt.setPrompt(`\n${prompt}`);
    this.prompt.prompt();
    const ahead = this.lines.shift();
    // The terminal has shown it already, but not here.
    if (ahead !== undefined) this.out.write(`${ahead}\n`);
    if (ahead !== undefined || this.isClosed) return Promise.resolve(ahead);
    return new Promise(resolve => {
      this.waiting = resolve;
    });
  }

  [Symbol.dispose](): void {
    this.prompt.close();
  }

  private answer(line: string | undefined): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(line);
  }
}

/** The statements of the console, and those of the walk beside them. */
export function completeHere(line: string, nodes: readonly string[]): [string[], string] {
  const [candidates, last] = complete(line, nodes);
  const words = line.trimStart().split(/\s+/);
  const own = [...Object.keys(ownUsages), ...walkVerbs.map(([usage]) => usage.split(' ')[0] ?? '')];
  const more =
    words.length <= 1 ? own : words.length === 2 && /^(cut|connect)$/i.test(words[0] ?? '') ? nodes : [];
  return [[...candidates, ...more.filter(word => word.startsWith(last)).map(word => `${word} `)], last];
}
