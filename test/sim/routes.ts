// Who listens to what on the simulated bus, found by subject.
import type { Message } from '../../src/ports.js';
import type { SimProcess } from './process.js';

export interface Listener {
  readonly subject: string;
  readonly queue: string | undefined;
  readonly process: SimProcess;
  readonly handler: (message: Message) => void;
}

export class Routes {
  private readonly exact = new Map<string, Set<Listener>>();
  /** Subjects with a wildcard are few. */
  private readonly patterns = new Map<Listener, readonly string[]>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(listener: Listener): void {
    this.count++;
    if (listener.subject.includes('*')) {
      this.patterns.set(listener, listener.subject.split('.'));
      return;
    }
    const known = this.exact.get(listener.subject);
    if (known === undefined) this.exact.set(listener.subject, new Set([listener]));
    else known.add(listener);
  }

  delete(listener: Listener): void {
    if (this.patterns.delete(listener)) {
      this.count--;
      return;
    }
    const known = this.exact.get(listener.subject);
    if (known?.delete(listener) !== true) return;
    this.count--;
    if (known.size === 0) this.exact.delete(listener.subject);
  }

  of(subject: string): Listener[] {
    const found = [...(this.exact.get(subject) ?? [])];
    // Only what many follow has wildcards, and no inbox does.
    if (subject.startsWith('_INBOX')) return found;
    const tokens = subject.split('.');
    for (const [listener, pattern] of this.patterns) if (matches(pattern, tokens)) found.push(listener);
    return found;
  }
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  return pattern.length === tokens.length && pattern.every((part, i) => part === '*' || part === tokens[i]);
}
