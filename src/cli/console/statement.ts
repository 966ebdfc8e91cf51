// What a line of the console asks for. Verbs and levels may be written in any case.
import { Part } from '../../emulator/part.js';
import type { Level } from '../../model/level.js';
import { SessionMemory } from '../../model/session.js';
import { CliError, ExitCode } from '../exit.js';
import { parseLevel } from '../request-flags.js';
import { didYouMean } from '../suggest.js';
import { wordsOf } from './words.js';

export type NodeVerb = 'kill' | 'pause' | 'resume' | 'restart';

/** In place of a level: the bucket's own. */
export const bucketDefault = 'default';

export type Statement =
  | { verb: 'put'; key: string; value: string; level: Level | undefined }
  | { verb: 'get' | 'del'; key: string; level: Level | undefined }
  | { verb: 'consistency'; level: Level | typeof bucketDefault | undefined }
  | { verb: 'via'; node: string | undefined }
  | { verb: 'tracing'; isOn: boolean | undefined }
  | { verb: 'session'; memory: SessionMemory | 'off' | undefined }
  | { verb: 'inspect'; node: string | undefined; key: string | undefined }
  | { verb: NodeVerb; node: string; part: Part | undefined }
  | { verb: 'status' }
  | { verb: 'help' }
  | { verb: 'exit' };

/** Each verb with how to use it; the order is that of `help`. */
export const usages = {
  put: 'put <key> <value> [level]',
  get: 'get <key> [level]',
  del: 'del <key> [level]',
  consistency: 'CONSISTENCY [level | default]',
  via: 'via <node> | via any',
  tracing: 'TRACING [on|off]',
  session: 'session [new | off | <token>]',
  inspect: 'inspect [<node> | key <key>]',
  status: 'status',
  kill: 'kill <node> [replica|log|bus]',
  pause: 'pause <node>',
  resume: 'resume <node>',
  restart: 'restart <node>',
  help: 'help',
  exit: 'exit',
} as const;
export type Verb = keyof typeof usages;

const aliases: Record<string, Verb> = { delete: 'del', rm: 'del', quit: 'exit', '?': 'help' };

/** @returns undefined for an empty line and for a comment (`# ...`). @throws CliError that says how the verb is used. */
export function parseStatement(line: string): Statement | undefined {
  if (line.trimStart().startsWith('#')) return undefined;
  const [name, ...words] = wordsOf(line);
  if (name === undefined) return undefined;
  const verb = verbNamed(name);
  if (verb === undefined)
    throw new CliError(
      ExitCode.Usage,
      `unknown verb "${name}": help lists those there are${didYouMean(name, Object.keys(usages))}`,
    );
  return statementOf(verb, words);
}

export function verbNamed(name: string): Verb | undefined {
  const lower = name.toLowerCase();
  if (Object.hasOwn(aliases, lower)) return aliases[lower];
  return Object.hasOwn(usages, lower) ? (lower as Verb) : undefined;
}

function statementOf(verb: Verb, words: readonly string[]): Statement {
  switch (verb) {
    case 'put':
      return put(words);
    case 'get':
    case 'del': {
      const [key, level] = expect(verb, words, 1, 2);
      return { verb, key, level: optionalLevel(level, verb === 'get' ? 'read' : 'write') };
    }
    case 'consistency': {
      const [word] = expect(verb, words, 0, 1);
      const isDefault = word?.toLowerCase() === bucketDefault;
      return { verb, level: isDefault ? bucketDefault : optionalLevel(word, 'write') };
    }
    case 'via': {
      const [node] = expect(verb, words, 1, 1);
      return { verb, node: node.toLowerCase() === 'any' ? undefined : node };
    }
    case 'tracing':
      return { verb, isOn: onOff(expect(verb, words, 0, 1)[0]) };
    case 'session':
      return { verb, memory: sessionNamed(expect(verb, words, 0, 1)[0]) };
    case 'inspect':
      return inspect(words);
    case 'kill': {
      const [node, part] = expect(verb, words, 1, 2);
      return { verb, node, part: part === undefined ? undefined : partNamed(part) };
    }
    case 'pause':
    case 'resume':
    case 'restart':
      return { verb, node: expect(verb, words, 1, 1)[0], part: undefined };
    default:
      expect(verb, words, 0, 0);
      return { verb };
  }
}

function put(words: readonly string[]): Statement {
  if (words.length > 3)
    throw new CliError(
      ExitCode.Usage,
      `usage: ${usages.put}; a value with spaces needs quotes: put 137 "two words"`,
    );
  const [key, value, level] = expect('put', words, 2, 3);
  return { verb: 'put', key, value: value ?? '', level: optionalLevel(level, 'write') };
}

function inspect(words: readonly string[]): Statement {
  const [first, second] = expect('inspect', words, 0, 2);
  if (second === undefined && first?.toLowerCase() !== 'key')
    return { verb: 'inspect', node: first, key: undefined };
  if (first?.toLowerCase() !== 'key' || second === undefined)
    throw new CliError(ExitCode.Usage, `usage: ${usages.inspect}`);
  return { verb: 'inspect', node: undefined, key: second };
}

/** The words, between `min` and `max` of them; the first is there when `min` says so. */
function expect(verb: Verb, words: readonly string[], min: 0, max: number): readonly (string | undefined)[];
function expect(
  verb: Verb,
  words: readonly string[],
  min: 1 | 2,
  max: number,
): readonly [string, ...(string | undefined)[]];
function expect(
  verb: Verb,
  words: readonly string[],
  min: number,
  max: number,
): readonly (string | undefined)[] {
  if (words.length < min || words.length > max) throw new CliError(ExitCode.Usage, `usage: ${usages[verb]}`);
  return words;
}

function optionalLevel(word: string | undefined, kind: 'read' | 'write'): Level | undefined {
  return word === undefined ? undefined : parseLevel(word, kind);
}

function onOff(word: string | undefined): boolean | undefined {
  const lower = word?.toLowerCase();
  if (lower !== undefined && lower !== 'on' && lower !== 'off')
    throw new CliError(ExitCode.Usage, `usage: ${usages.tracing}`);
  return lower === undefined ? undefined : lower === 'on';
}

/** @param word `new`, `off` or a token. */
function sessionNamed(word: string | undefined): SessionMemory | 'off' | undefined {
  const lower = word?.toLowerCase();
  if (word === undefined) return undefined;
  if (lower === 'off') return 'off';
  if (lower === 'new') return new SessionMemory();
  try {
    return SessionMemory.parse(word);
  } catch (cause) {
    const what = 'a token is what session or --session printed';
    throw new CliError(ExitCode.Usage, `usage: ${usages.session}; ${what}`, { cause });
  }
}

function partNamed(word: string): Part {
  const part = Object.values(Part).find(each => each === word.toLowerCase());
  if (part === undefined) throw new CliError(ExitCode.Usage, `usage: ${usages.kill}`);
  return part;
}
