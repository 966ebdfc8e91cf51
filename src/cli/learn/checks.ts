// Judgements that many steps share. Each returns what is missing, or undefined.
import type { Level } from '../../wire/generated/types.js';
import { type Seen, since } from './lesson.js';
import { lessonKey } from './room.js';

export type Check = (seen: Seen) => Promise<string | undefined>;

/** All of these hold; what is missing is said of the first that does not. */
export function all(...checks: readonly Check[]): Check {
  return async seen => {
    for (const check of checks) {
      const missing = await check(seen);
      if (missing !== undefined) return missing;
    }
    return undefined;
  };
}

/** These nodes hold this value of a key. @param key default the lessons' own. */
export function hold(nodes: readonly string[], value: string, key = lessonKey): Check {
  return async ({ facts }) => {
    for (const node of nodes) {
      const copy = await facts.copy(node, key);
      if (copy !== value) return `${node} holds ${copy ?? 'nothing'} under ${key}, not ${value}`;
    }
    return undefined;
  };
}

/** All owners of the lessons' key hold the same, whatever it is. */
export const agree: Check = async ({ facts }) => {
  const owners = facts.owners(lessonKey);
  const copies = await Promise.all(owners.map(node => facts.copy(node, lessonKey)));
  const [first] = copies;
  if (first !== undefined && copies.every(copy => copy === first)) return undefined;
  return `${owners.map((node, i) => `${node} holds ${copies[i] ?? 'nothing'}`).join(', ')}`;
};

export function down(node: string): Check {
  return async ({ facts }) => ((await facts.isUp(node)) ? `${node} still answers` : undefined);
}

export function up(node: string): Check {
  return async ({ facts }) => ((await facts.isUp(node)) ? undefined : `${node} does not answer yet`);
}

/** A node keeps hints for the target. */
export function hinted(target: string): Check {
  return async ({ facts }) =>
    (await facts.hintsFor(target)) > 0 ? undefined : `no node keeps a hint for ${target}`;
}

export function noHints(target: string): Check {
  return async ({ facts }) => {
    const held = await facts.hintsFor(target);
    return held === 0 ? undefined : `${held} hints for ${target} are still kept`;
  };
}

/** Such a read was answered since the step began. @param node that is to have coordinated it. */
export function wasRead(level: Level, node?: string): Check {
  return async seen => {
    const { answered } = await since(seen, { kind: 'read', level, ...(node === undefined ? {} : { node }) });
    if (answered > 0) return undefined;
    return `no read at ${level} was answered${node === undefined ? '' : ` by ${node}`}`;
  };
}

/** A write at that level was tried since the step began, and refused. */
export function wasRefused(level: Level): Check {
  return async seen => {
    const { failed } = await since(seen, { kind: 'write', level });
    return failed > 0 ? undefined : `no write at ${level} was refused`;
  };
}

/** What was printed names all of this, which the cluster says too. */
export function shown(what: (seen: Seen) => Promise<readonly string[]> | readonly string[]): Check {
  return async seen => {
    const missing = (await what(seen)).filter(word => !seen.ran.text.includes(word));
    return missing.length === 0 ? undefined : `what was printed does not show ${missing.join(', ')}`;
  };
}

/** The first word that was printed: the value, when a key was read. */
export async function valueRead({ ran }: Seen): Promise<string> {
  return ran.text.trim().split(/\s/)[0] ?? '';
}

/** Whether the line was refused. */
export async function refusedOrStored({ ran }: Seen): Promise<string> {
  return ran.failed ? 'refused' : 'stored';
}
