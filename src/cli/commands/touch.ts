// dynats touch: let a key that expires live on.

import type { Command } from 'commander';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { readableTime } from '../inspect/rows.js';
import { print, printJson, visible } from '../output.js';
import { addRequestFlags, type RequestFlags, requestOf } from '../request-flags.js';
import { addTtlFlag, type TtlFlags, ttlOf } from '../ttl-flag.js';

export function register(program: Command): void {
  const command = program
    .command('touch')
    .description('let a key that expires live on, from now; exit code 6 when there is none')
    .argument('<key>', 'put -- before one that starts with "-"');
  addTtlFlag(addRequestFlags(command, 'read')).action(touch);
  explain(command, {
    examples: [
      ['dynats touch session/7', "lives on for its bucket's time to live"],
      'dynats touch session/7 --ttl 30m',
    ],
  });
}

async function touch(key: string, flags: RequestFlags & TtlFlags): Promise<void> {
  if (flags.session !== undefined || flags.trace === true)
    throw new CliError(ExitCode.Usage, 'touch takes neither --session nor --trace');
  const { options, subject } = requestOf('write', key, flags);
  const { runRequest } = await import('../request-command.js');
  const { reply } = await runRequest(flags, subject, async client => ({
    reply: await client.touch(key, { ...options, ...ttlOf(flags) }),
  }));
  if (flags.json === true) printJson(reply);
  if (!reply.found)
    throw new CliError(
      ExitCode.KeyNotFound,
      `key ${key} is not in bucket ${subject.bucket}: nothing to touch`,
    );
  if (flags.json === true) return;
  const until = reply.expiresAt === undefined ? 'for ever' : `until ${readableTime(reply.expiresAt)}`;
  print(`${subject.bucket} > ${visible(key)} version: ${reply.version ?? ''} lives ${until}`);
}
