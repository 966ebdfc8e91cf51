// dynats del: delete one key.

import type { Command } from 'commander';
import { ackedText } from '../acked.js';
import { explain } from '../help-text.js';
import { print, printJson, visible } from '../output.js';
import { addRequestFlags, type RequestFlags, requestOf } from '../request-flags.js';

export function register(program: Command): void {
  const command = program
    .command('del')
    .aliases(['delete', 'rm'])
    .description('delete a key; deleting an absent one is no error')
    .argument('<key>', 'put -- before one that starts with "-"');
  addRequestFlags(command, 'write').action(del);
  explain(command, {
    examples: [
      'dynats del 137',
      'dynats del 137 --level all',
      ['dynats del -- -k', 'a key that begins with -'],
    ],
  });
}

async function del(key: string, flags: RequestFlags): Promise<void> {
  const { options, subject } = requestOf('write', key, flags);
  const { runRequest } = await import('../request-command.js');
  const { reply } = await runRequest(flags, subject, async client => ({
    reply: await client.delete(key, options),
  }));
  if (flags.json === true) return printJson(reply);
  print(
    `${subject.bucket} > ${visible(key)} deleted, version: ${reply.version} @ ${reply.level}, ${ackedText(reply)}`,
  );
}
