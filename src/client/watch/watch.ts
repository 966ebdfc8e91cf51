// The iterator that a client gets of a watch.
import type { WatchEvent } from './event.js';
import type { Watcher } from './watcher.js';

/** What to watch: all keys of the default bucket, unless it says otherwise. */
export interface WatchOptions {
  /** Only keys that begin so; default all. */
  prefix?: string;
  /** Bucket, default `default`. */
  bucket?: string;
  /** `last` (default): what is there, then updates. `updates`: only what is written once the watch has begun. */
  include?: 'last' | 'updates';
}

/**
 * Newer versions of keys, for ever: each once, each key's in order. It survives the death of nodes and lost connections; of
 * what was written meanwhile the newest version of each key is delivered when they are back. Ends when stopped, when the
 * loop over it is left, or when the client is closed.
 *
 * Remembers the version of every key it watches, in memory.
 */
export class Watch implements AsyncIterableIterator<WatchEvent, undefined>, AsyncDisposable {
  constructor(
    private readonly watcher: Watcher,
    private readonly onStop: () => void,
  ) {}

  /** The next event; waits for it. `done` once the watch has ended. @throws DynatsError when its bucket was dropped. */
  next(): Promise<IteratorResult<WatchEvent, undefined>> {
    return this.watcher.events.next();
  }

  /** Ends the iteration; events that wait are dropped. */
  stop(): void {
    this.watcher.stop();
    this.onStop();
  }

  /** What leaving the loop over it calls: as `stop`. */
  async return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.stop();
    return { done: true, value: undefined };
  }

  /** The watch itself, for `for await`. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** For `await using`: as `stop`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }
}
