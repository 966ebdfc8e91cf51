// dynats put: store one value.

import type { Command } from 'commander';
import { ackedText } from '../acked.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { print, printJson, visible } from '../output.js';
import { addRequestFlags, type RequestFlags, requestOf } from '../request-flags.js';
import { addTtlFlag, type TtlFlags, ttlOf } from '../ttl-flag.js';

export function register(program: Command): void {
  const command = program
    .command('put')
    .description('store a value under a key; the value is read from stdin when it is not given')
    .argument('<key>', '1 to 1024 bytes of UTF-8; put -- before one that starts with "-"')
    .argument('[value]', 'text; from stdin also bytes');
  addTtlFlag(addRequestFlags(command, 'write')).action(put);
  explain(command, {
    notes: 'Prints the version that the value was given, and how many owners acknowledged it.',
    examples: [
      'dynats put 137 value137',
      ['dynats put 137 value137 --level all --timeout 5s', 'wait for every owner'],
      ['echo -n "from a pipe" | dynats put 137', 'any bytes, up to 512 KiB'],
      ['dynats put session/7 Ada --ttl 30m', 'gone in half an hour'],
      'dynats put 137 value137 --json --trace',
    ],
  });
}

async function put(key: string, value: string | undefined, flags: RequestFlags & TtlFlags): Promise<void> {
  const { options, subject } = requestOf('write', key, flags);
  const content = value ?? (await valueFromStdin());
  const { runRequest } = await import('../request-command.js');
  const { reply } = await runRequest(flags, subject, async client => ({
    reply: await client.put(key, content, { ...options, ...ttlOf(flags) }),
  }));
  if (flags.json === true) return printJson(reply);
  print(
    `${subject.bucket} > ${visible(key)} version: ${reply.version} @ ${reply.level}, ${ackedText(reply)}`,
  );
}

async function valueFromStdin(): Promise<string | Uint8Array> {
  if (process.stdin.isTTY)
    throw new CliError(ExitCode.Usage, 'no value: give it after the key, or pipe it in');
  const [{ readAll, textOrBytes }, { VALUE_BYTES_MAX }] = await Promise.all([
    import('../value.js'),
    import('../../wire/requests.js'),
  ]);
  const bytes = await readAll(process.stdin, VALUE_BYTES_MAX);
  if (bytes === undefined)
    throw new CliError(
      ExitCode.Usage,
      `value: more than the limit of ${VALUE_BYTES_MAX} bytes: store it in parts`,
    );
  return textOrBytes(bytes);
}
