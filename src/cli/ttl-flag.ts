// The flag --ttl: how long a record lives.
import type { Command } from 'commander';
import { parseDuration } from './numbers.js';

export interface TtlFlags {
  ttl?: string;
}

export function addTtlFlag(command: Command): Command {
  return command.option(
    '--ttl <duration>',
    "time to live: 500ms, 90s, 1h30m (default: the bucket's, or for ever)",
  );
}

/** The option of a call; nothing when the flag is not given. */
export function ttlOf({ ttl }: TtlFlags): { ttlMs?: number } {
  return ttl === undefined ? {} : { ttlMs: parseTtlMs(ttl) };
}

export function parseTtlMs(text: string): number {
  return parseDuration(text, '--ttl', { min: 1 });
}
