// dynats get: read one value.

import type { Command } from 'commander';
import type { Client } from '../../client/client.js';
import type { GetReply } from '../../wire/generated/types.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { colorsFor, counted, print, printJson, visible } from '../output.js';
import { addRequestFlags, type RequestFlags, type RequestSubject, requestOf } from '../request-flags.js';

interface GetFlags extends RequestFlags {
  raw?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('get')
    .description('read the value of a key; exit code 6 when there is none')
    .argument('<key>', 'put -- before one that starts with "-"')
    .option('-r, --raw', 'the exact bytes, with no newline added');
  addRequestFlags(command, 'read').action(get);
  explain(command, {
    notes:
      'On a terminal a line with the version, the level and the owners heard goes before the value; in a pipe there is the value alone and a newline.',
    examples: [
      'dynats get 137',
      ['dynats get 137 --level one --via n3', 'the nearest copy, asked for by node n3'],
      ['dynats get logo --raw > logo.png', 'the exact bytes'],
      'dynats get 137 --json',
      ['dynats get 137 --level all --trace', 'which owner answered what, and when'],
    ],
  });
}

async function get(key: string, flags: GetFlags): Promise<void> {
  const { options, subject } = requestOf('read', key, flags);
  const { runRequest } = await import('../request-command.js');
  const decorated = process.stdout.isTTY && flags.raw !== true && flags.json !== true;
  const { reply, owners } = await runRequest(flags, subject, async client => {
    const answer = await client.read(key, options);
    return { reply: answer, owners: decorated && answer.found ? await ownersOf(client, subject) : undefined };
  });
  if (flags.json === true) printJson(reply);
  if (!reply.found) throw absent(subject, reply);
  if (flags.json === true) return;
  const { bytesOf, shown } = await import('../value.js');
  if (decorated) {
    print(colorsFor(process.stdout).bold(headerLine(subject, reply, owners)));
    print(`\n${shown(reply)}`);
  } else {
    process.stdout.write(bytesOf(reply));
    if (flags.raw !== true) process.stdout.write('\n');
  }
}

/** The line of `nats kv get`, with version and level in place of the revision. */
export function headerLine(
  { bucket, key }: RequestSubject,
  reply: GetReply,
  owners: number | undefined,
): string {
  const answered =
    owners === undefined
      ? counted(reply.received, 'owner')
      : `${reply.received} of ${counted(owners, 'owner')}`;
  return `${bucket} > ${visible(key)} version: ${reply.version ?? ''} @ ${reply.level}, ${answered}`;
}

/** How many owners a key of the bucket has; undefined when the cluster does not say in time. */
async function ownersOf(client: Client, { bucket, key }: RequestSubject): Promise<number | undefined> {
  const { ringOf } = await import('../bucket-ring.js');
  const view = await client.cluster({ timeoutMs: 500 }).catch(() => undefined);
  return view === undefined ? undefined : ringOf(view.cluster, bucket).owners(key).length;
}

function absent({ key, bucket }: RequestSubject, reply: GetReply): CliError {
  const deleted = reply.version === undefined ? '' : `, it was deleted (version ${reply.version})`;
  return new CliError(
    ExitCode.KeyNotFound,
    `key ${key} is not in bucket ${bucket} @ ${reply.level}${deleted}`,
  );
}
