// Where the values of an option or an argument come from, by the name that its help gives them: <level>, <node>, <a|b>.
import type { Argument, Command, Option } from 'commander';
import { Level } from '../../model/level.js';
import type { ConnectionFlags } from '../connection.js';

export interface Candidate {
  value: string;
  /** Shown beside it where the shell does so; one line. */
  about?: string | undefined;
}

/** Names of files that the shell itself is to offer. */
export const Paths = { None: ':none', Files: ':files', Dirs: ':dirs' } as const;
export type Paths = (typeof Paths)[keyof typeof Paths];

export interface Found {
  candidates: readonly Candidate[];
  paths: Paths;
}

export interface Wanted {
  /** What has been typed of it. */
  word: string;
  /** The connection flags on the line. */
  connection: ConnectionFlags;
  /** The bucket named on the line. */
  bucket: string | undefined;
  command: Command;
}

type Source = (wanted: Wanted) => Promise<Found>;

export function sourceOf(expected: Option | Argument): Source {
  const { argChoices } = expected;
  if (argChoices !== undefined) return words(argChoices);
  if (!('flags' in expected)) return named(expected.name());
  const name = /[<[]([^\]>]+)[\]>]/.exec(expected.flags)?.[1] ?? '';
  if (name.includes('|')) return words(name.split('|'));
  if (name === 'level') return words(levelsIn(expected.description));
  return named(name);
}

function named(name: string): Source {
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  return source ?? words([]);
}

const sources: Readonly<Record<string, Source>> = {
  file: async () => ({ candidates: [], paths: Paths.Files }),
  dir: async () => ({ candidates: [], paths: Paths.Dirs }),
  node: live(names => names.nodeNames),
  target: live(names => names.nodeNames),
  bucket: live(names => names.bucketNames),
  key: keys,
  prefix: keys,
  context: async () => {
    const { contextNames } = await import('../nats-context.js');
    return words(contextNames(process.env))();
  },
  command: async ({ command }) => words((command.parent ?? command).commands.map(each => each.name()))(),
};

function words(list: readonly string[]): () => Promise<Found> {
  return async () => ({ candidates: list.map(value => ({ value })), paths: Paths.None });
}

/** `any` only where the help names it: it is for writes. */
function levelsIn(description: string): string[] {
  const levels = Object.values(Level).map(level => level.toLowerCase());
  const extra = /\bmixed\b/.test(description) ? ['mixed'] : [];
  return [...levels.filter(level => level !== 'any' || /\bany\b/.test(description)), ...extra];
}

function live(
  pick: (names: typeof import('./names.js')) => (flags: ConnectionFlags) => Promise<readonly string[]>,
): Source {
  return async ({ connection }) => words(await pick(await import('./names.js'))(connection))();
}

async function keys({ word, connection, bucket }: Wanted): Promise<Found> {
  const { keysOf } = await import('./names.js');
  return words(await keysOf(connection, { prefix: word, bucket }))();
}
