// The iterator that a client gets of a watch.
import type { WatchEvent } from './event.js';
import type { Watcher } from './watcher.js';

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

  next(): Promise<IteratorResult<WatchEvent, undefined>> {
    return this.watcher.events.next();
  }

  /** Ends the iteration; events that wait are dropped. */
  stop(): void {
    this.watcher.stop();
    this.onStop();
  }

  async return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.stop();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }
}
