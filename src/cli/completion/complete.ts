// What may come next on a command line: read from the commands themselves at every Tab, so never out of date.
import type { Argument, Command, Option } from 'commander';
import type { ConnectionFlags } from '../connection.js';
import { type Candidate, type Found, Paths, sourceOf } from './sources.js';

/** Reads the line up to the cursor. */
interface Position {
  command: Command;
  /** Arguments before the word under the cursor. */
  arguments: string[];
  /** The option whose value is to come. */
  pending: Option | undefined;
  /** Options given before, with their values. */
  given: Map<Option, string>;
  /** After `--` nothing is an option. */
  onlyArguments: boolean;
}

/**
 * The candidates for the last of `words`, which are those after `dynats` up to the cursor, and whether names of files
 * will do too. None begins otherwise than that word.
 */
export async function complete(program: Command, words: readonly string[]): Promise<Found> {
  const word = words.at(-1) ?? '';
  const at = positionAfter(program, words.slice(0, -1));
  const { candidates, paths } = await candidatesAt(at, word);
  return { candidates: candidates.filter(({ value }) => value.startsWith(word)), paths };
}

function positionAfter(program: Command, words: readonly string[]): Position {
  const at: Position = {
    command: program,
    arguments: [],
    pending: undefined,
    given: new Map(),
    onlyArguments: false,
  };
  for (const word of words) step(at, word);
  return at;
}

function step(at: Position, word: string): void {
  if (at.pending !== undefined) {
    at.given.set(at.pending, word);
    at.pending = undefined;
  } else if (at.onlyArguments) at.arguments.push(word);
  else if (word === '--') at.onlyArguments = true;
  else if (word.startsWith('-') && word !== '-') {
    const [name = '', value] = splitAtEquals(word);
    const option = optionsOf(at.command).find(each => each.long === name || each.short === name);
    if (option === undefined) return;
    at.given.set(option, value ?? '');
    if (option.required && value === undefined) at.pending = option;
  } else {
    const subcommand =
      at.arguments.length > 0
        ? undefined
        : at.command.commands.find(each => each.name() === word || each.aliases().includes(word));
    if (subcommand === undefined) at.arguments.push(word);
    else at.command = subcommand;
  }
}

function splitAtEquals(word: string): [string, string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

async function candidatesAt(at: Position, word: string): Promise<Found> {
  if (at.pending !== undefined) return valuesOf(at, at.pending, word);
  if (!at.onlyArguments && word.startsWith('-')) {
    const [name, value] = splitAtEquals(word);
    const option = optionsOf(at.command).find(each => each.long === name);
    if (value === undefined || option === undefined)
      return { candidates: flagsAt(at, word), paths: Paths.None };
    const { candidates, paths } = await valuesOf(at, option, value);
    return { candidates: candidates.map(each => ({ ...each, value: `${name}=${each.value}` })), paths };
  }
  const commands = at.arguments.length > 0 || at.onlyArguments ? [] : subcommandsOf(at.command);
  const expected = argumentAt(at);
  const found = expected === undefined ? undefined : await valuesOf(at, expected, word);
  return { candidates: [...commands, ...(found?.candidates ?? [])], paths: found?.paths ?? Paths.None };
}

function optionsOf(command: Command): readonly Option[] {
  return [...command.options, ...(command.parent?.options ?? [])];
}

/** Long flags; short ones after a single dash. Those given already are left out. */
function flagsAt({ command, given }: Position, word: string): Candidate[] {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .filter(option => !given.has(option))
    .flatMap(option => {
      const about = option.description;
      const short = word === '-' && option.short !== undefined ? [{ value: option.short, about }] : [];
      return option.long === undefined ? short : [{ value: option.long, about }, ...short];
    });
}

function subcommandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map(each => ({ value: each.name(), about: each.description() }));
}

function argumentAt({ command, arguments: before }: Position): Argument | undefined {
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  return registeredArguments[before.length] ?? (last?.variadic === true ? last : undefined);
}

function valuesOf(at: Position, expected: Option | Argument, word: string): Promise<Found> {
  const connection = Object.fromEntries(
    [...at.given].map(([option, value]) => [option.attributeName(), flagValue(option, value)]),
  ) as ConnectionFlags;
  return sourceOf(expected)({ word, connection, bucket: bucketAt(at), command: at.command });
}

function flagValue(option: Option, value: string): string | boolean {
  return option.required || option.optional ? value : !option.negate;
}

function bucketAt({ given }: Position): string | undefined {
  return [...given].find(([option]) => option.long === '--bucket')?.[1];
}
