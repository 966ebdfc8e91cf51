// `dynats hints`: what all nodes hold for owners that are down, and what is to become of it.

import type { Command } from 'commander';
import type { Client } from '../../client/client.js';
import { formatDuration, formatElapsed } from '../../model/duration.js';
import type { HintsReply, HintsRequest } from '../../wire/generated/types.js';
import { during } from '../activity.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { type Example, explain } from '../help-text.js';
import { parseDuration, parseSize } from '../numbers.js';
import { withClient } from '../open-client.js';
import { counted, note, printJson, printTable } from '../output.js';
import { formatBytes, formatSize } from '../size.js';
import { unknownNode } from '../unknown.js';

interface HintsFlags extends ConnectionFlags {
  json?: boolean;
}

interface SetFlags extends HintsFlags {
  window?: string;
  maxBytes?: string;
  rate?: string;
}

/** How long a node has to answer, in milliseconds, unless --timeout says more. */
const askLimitMs = 2000;

/** What one node answered, or why it did not. */
interface Answer {
  readonly node: string;
  readonly reply: HintsReply | undefined;
  readonly failure: unknown;
}

export function register(program: Command): void {
  const hints = program
    .command('hints')
    .description('what nodes hold for owners that are down: show, pause, resume, drop it, set its limits');
  const verb = (name: string, what: string, ...examples: Example[]) => {
    const made = hints.command(name).description(what).option('-j, --json', 'one JSON document');
    return explain(addConnectionFlags(made), { examples });
  };
  const ls = verb(
    'ls',
    'every target that hints are held for, by holder',
    'dynats hints ls',
    'dynats hints ls n2',
  );
  addTarget(ls.alias('list'), 'only hints for this node (default: for every node)').action(
    (target: string | undefined, flags: HintsFlags) => list(target, flags),
  );
  const orders = [
    ['pause', 'keep hints and do not deliver them'],
    ['resume', 'deliver them again'],
    ['drop', 'delete hints undelivered; anti-entropy brings the target what they held'],
  ] as const;
  for (const [action, what] of orders)
    addTarget(
      verb(action, what, `dynats hints ${action} n2`),
      'only hints for this node (default: for every node)',
    ).action((target: string | undefined, flags: HintsFlags) =>
      order({ action, ...(target === undefined ? {} : { target }) }, flags),
    );
  verb(
    'set',
    'change the limits of every node, at once and across restarts',
    'dynats hints set --window 1h --max-bytes 1GiB --rate 4MiB',
    ['dynats hints set --window default', 'as configured again'],
  )
    .option(
      '--window <duration>',
      'a hint older than this is never delivered, such as 3h; or the word default (default: as it is)',
    )
    .option(
      '--max-bytes <size>',
      'most bytes a node keeps for one target, such as 256MiB; or the word default (default: as it is)',
    )
    .option(
      '--rate <size>',
      'bytes a second that a node delivers at most, such as 16MiB; or the word default (default: as it is)',
    )
    .action((flags: SetFlags) => order(settingsOf(flags), flags));
  // `dynats hints` alone lists.
  addConnectionFlags(hints.option('-j, --json', 'one JSON document')).action((flags: HintsFlags) =>
    list(undefined, flags),
  );
  explain(hints, { examples: ['dynats hints', 'dynats hints pause n2', 'dynats hints set --window 1h'] });
}

function addTarget(command: Command, what: string): Command {
  return command.argument('[target]', what);
}

function settingsOf({ window, maxBytes, rate }: SetFlags): HintsRequest {
  if (window === undefined && maxBytes === undefined && rate === undefined)
    throw new CliError(ExitCode.Usage, 'nothing to set: give --window, --max-bytes or --rate');
  return {
    action: 'set',
    ...(window === undefined
      ? {}
      : {
          windowMs: settingOf(window, '--window', parseDuration),
        }),
    ...(maxBytes === undefined ? {} : { targetBytesMax: settingOf(maxBytes, '--max-bytes', parseSize) }),
    ...(rate === undefined ? {} : { bytesPerSecond: settingOf(rate, '--rate', parseSize) }),
  };
}

/** Null for the word `default`. */
function settingOf(text: string, flag: string, parse: (text: string, flag: string) => number): number | null {
  return text === 'default' ? null : parse(text, flag);
}

async function list(target: string | undefined, flags: HintsFlags): Promise<void> {
  const answers = await askAll({ action: 'list' }, flags, target);
  await show(answers, target, flags);
}

async function order(request: HintsRequest, flags: HintsFlags): Promise<void> {
  const answers = await askAll(request, flags, request.target);
  await show(answers, request.target, flags);
  // The target itself holds nothing for itself: that it is down is why one gives this order.
  const silent = answers
    .filter(({ node, reply }) => reply === undefined && node !== request.target)
    .map(({ node }) => node);
  if (silent.length > 0)
    throw new CliError(
      ExitCode.LevelNotReached,
      `${silent.join(', ')} did not answer and ${silent.length === 1 ? 'stays as it was: repeat this when it is' : 'stay as they were: repeat this when they are'} back`,
    );
}

function askAll(request: HintsRequest, flags: HintsFlags, target: string | undefined): Promise<Answer[]> {
  return during('asking the nodes', () =>
    withClient(flags, async client => {
      const { nodes } = (await client.cluster()).cluster;
      if (target !== undefined && !nodes.includes(target)) throw unknownNode(target, nodes);
      const answers = await Promise.all(nodes.map(node => ask(client, node, request)));
      const refused = answers.find(({ failure }) => isInvalid(failure));
      if (refused !== undefined) throw refused.failure;
      return answers;
    }),
  );
}

async function ask(client: Client, node: string, request: HintsRequest): Promise<Answer> {
  try {
    const reply = await client.hints(node, request, { timeoutMs: askLimitMs });
    return { node, reply, failure: undefined };
  } catch (failure) {
    return { node, reply: undefined, failure };
  }
}

/** A request that no node would take, whatever its state. */
function isInvalid(failure: unknown): boolean {
  return failure instanceof Error && 'code' in failure && failure.code === 'INVALID_REQUEST';
}

async function show(
  answers: readonly Answer[],
  target: string | undefined,
  flags: HintsFlags,
): Promise<void> {
  const replies = answers.flatMap(({ reply }) => reply ?? []);
  if (flags.json === true) {
    const silent = answers.filter(({ reply }) => reply === undefined).map(({ node }) => node);
    return printJson({ nodes: replies, silent });
  }
  const rows = replies.flatMap(({ node, targets, policy }) =>
    targets
      .filter(each => target === undefined || each.target === target)
      .map(({ target: name, entries, bytes, oldestMs, paused, full }) => [
        name,
        node,
        String(entries),
        // Just stored: the holder looks at its stream twice a second.
        oldestMs === null ? '-' : formatSize(bytes),
        oldestMs === null ? '-' : formatElapsed(oldestMs),
        [paused ? 'paused' : '', full ? 'full' : ''].filter(word => word !== '').join(', '),
        settingsLine(policy),
      ]),
  );
  if (rows.length === 0) return note(nothingLine(replies));
  await printTable({
    head: ['target', 'held by', 'entries', 'size', 'oldest', 'state', 'window, limit, rate'],
    rows: rows.toSorted(([a = '', b = ''], [c = '', d = '']) => (`${a} ${b}` < `${c} ${d}` ? -1 : 1)),
  });
}

function nothingLine(replies: readonly HintsReply[]): string {
  const [first] = replies;
  const who = counted(replies.length, 'node');
  return first === undefined
    ? 'no node answers'
    : `no hints are held by the ${who} that answered (${settingsLine(first.policy)})`;
}

function settingsLine({ settings, paused }: HintsReply['policy']): string {
  const { windowMs, targetBytesMax, bytesPerSecond } = settings;
  const limits = `${formatDuration(windowMs)}, ${formatBytes(targetBytesMax)}, ${formatBytes(bytesPerSecond)}/s`;
  return paused.length === 0 ? limits : `${limits}; paused for ${paused.join(', ')}`;
}
