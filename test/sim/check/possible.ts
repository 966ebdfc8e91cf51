// Of keys that one client each writes it is known exactly what a read may find: the last write that is sure, or one after it
// of which nobody knows. Nothing older may be found, deleted values least of all, whatever was purged meanwhile.
import type { Violation } from './history.js';

/** One write of a key: what a read may find of it; undefined is nothing. */
interface Written {
  readonly value: string | undefined;
  /** It may have expired. */
  readonly isMortal: boolean;
}

export class PossibleValues {
  /** Oldest first. */
  private readonly possible = new Map<string, readonly Written[]>();

  acked(key: string, value: string | undefined, isMortal: boolean): void {
    this.possible.set(key, [{ value, isMortal }]);
  }

  unknown(key: string, value: string | undefined, isMortal: boolean): void {
    this.possible.set(key, [...this.of(key), { value, isMortal }]);
  }

  /** Above ONE no read goes backwards: what is older than what was found is out of the question from now on. */
  found(key: string, value: string | undefined, what: string): Violation | undefined {
    const writes = this.of(key);
    const at = writes.findIndex(
      written => written.value === value || (written.isMortal && value === undefined),
    );
    if (at >= 0) {
      const isMortal = writes[at]?.isMortal === true && value !== undefined;
      this.possible.set(key, [{ value, isMortal }, ...writes.slice(at + 1)]);
      return undefined;
    }
    const expected = writes.map(written => written.value ?? 'nothing').join(' or ');
    return {
      rule: 'no deleted or replaced value returns',
      what: `key ${key}: ${what} found ${value ?? 'nothing'}, not ${expected}`,
    };
  }

  private of(key: string): readonly Written[] {
    return this.possible.get(key) ?? [{ value: undefined, isMortal: false }];
  }
}
