// Tab completion: verbs, then levels or node names where the verb takes them.
import { levelsFor } from '../request-flags.js';
import { bucketDefault, usages, type Verb, verbNamed } from './statement.js';

/** Candidates for the last word of `line`, and that word, as readline wants them. */
export function complete(line: string, nodes: readonly string[]): [string[], string] {
  const words = line.trimStart().split(/\s+/);
  const last = words.at(-1) ?? '';
  const candidates =
    words.length <= 1
      ? Object.keys(usages)
      : argumentsOf(verbNamed(words[0] ?? ''), words.slice(1, -1), nodes);
  const matching = candidates.filter(candidate => candidate.toLowerCase().startsWith(last.toLowerCase()));
  return [matching.map(candidate => `${candidate} `), last];
}

/** @param before the arguments that are complete. */
function argumentsOf(
  verb: Verb | undefined,
  before: readonly string[],
  nodes: readonly string[],
): readonly string[] {
  const at = before.length;
  const levels = (kind: 'read' | 'write') => levelsFor(kind).map(level => level.toLowerCase());
  switch (verb) {
    case 'put':
      return at === 2 ? levels('write') : [];
    case 'get':
      return at === 1 ? levels('read') : [];
    case 'del':
      return at === 1 ? levels('write') : [];
    case 'consistency':
      return at === 0 ? [...levels('write'), bucketDefault] : [];
    case 'via':
      return at === 0 ? [...nodes, 'any'] : [];
    case 'tracing':
      return at === 0 ? ['on', 'off'] : [];
    case 'session':
      return at === 0 ? ['new', 'off'] : [];
    case 'inspect':
      return at === 0 ? [...nodes, 'key'] : [];
    case 'kill':
      return at === 0 ? nodes : at === 1 ? ['replica', 'log', 'bus'] : [];
    case 'pause':
    case 'resume':
    case 'restart':
      return at === 0 ? nodes : [];
    default:
      return [];
  }
}
