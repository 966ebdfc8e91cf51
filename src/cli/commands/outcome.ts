// dynats outcome: where a write stands that ended with WRITE_TIMEOUT.

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { during } from '../activity.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { printJson, visible } from '../output.js';
import { defaultBucket } from '../request-flags.js';

interface OutcomeFlags extends ConnectionFlags {
  key?: string;
  bucket?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('outcome')
    .description(
      'where a write stands: on which owners, hinted for whom, superseded, or nowhere (exit code 6), or not to be known now (5)',
    )
    .argument(
      '<receipt|version>',
      'a receipt as JSON, a file that holds one, - for stdin; or a version with --key',
    )
    .option(
      '-k, --key <key>',
      'key that was written; needed with a version (default: the one in the receipt)',
    )
    .option(
      '-b, --bucket <bucket>',
      `bucket, with a version (default: ${defaultBucket}; that in the receipt)`,
    )
    .option('-j, --json', 'print the outcome as JSON');
  addConnectionFlags(command).action(outcome);
  explain(command, {
    notes: 'A write that ended with WRITE_TIMEOUT names its version.',
    examples: [
      'dynats outcome 1795342442987000@client~squtd3wt --key 137',
      ['dynats put 137 v --trace --json | dynats outcome -', 'of a receipt'],
    ],
  });
}

async function outcome(about: string, flags: OutcomeFlags): Promise<void> {
  const { bucket, key, version } = await writeOf(about, flags);
  const [{ withClient }, { printOutcome, Verdict }] = await Promise.all([
    import('../open-client.js'),
    import('../outcome.js'),
  ]);
  const report = await during('asking the owners', () =>
    withClient(flags, client => client.outcome(key, version, { bucket })),
  );
  if (flags.json === true) printJson({ bucket, key, version, ...report });
  else await printOutcome({ bucket, key, version, report }, process.stdout);
  if (report.verdict === Verdict.Nowhere) process.exitCode = ExitCode.KeyNotFound;
  if (report.verdict === Verdict.Unknown) process.exitCode = ExitCode.LevelNotReached;
}

interface Write {
  bucket: string;
  key: string;
  version: string;
}

async function writeOf(about: string, flags: OutcomeFlags): Promise<Write> {
  if (!/^[1-9][0-9]*@/.test(about)) return writeOfReceipt(await receiptText(about), flags);
  if (flags.key === undefined)
    throw new CliError(ExitCode.Usage, 'a version needs --key: the key that was written');
  return { bucket: flags.bucket ?? defaultBucket, key: flags.key, version: about };
}

async function receiptText(about: string): Promise<string> {
  if (about.trimStart().startsWith('{')) return about;
  if (about === '-') {
    const { readAll } = await import('../value.js');
    return String((await readAll(process.stdin, receiptBytesMax)) ?? '');
  }
  return readFile(about, 'utf8').catch((cause: unknown) => {
    throw new CliError(ExitCode.Usage, `"${visible(about)}" is no version, and no file that can be read`, {
      cause,
    });
  });
}

/** A reply with the longest value and token beside its receipt. */
const receiptBytesMax = 8 * 1024 * 1024;

/** Takes a receipt, or the whole reply or error reply that carries one. */
async function writeOfReceipt(text: string, flags: OutcomeFlags): Promise<Write> {
  const [{ receipt: isReceipt }, { parseJson }] = await Promise.all([
    import('../../wire/generated/validators.js'),
    import('../../wire/json.js'),
  ]);
  const json = parseJson(Buffer.from(text));
  const inner = json !== null && typeof json === 'object' && 'receipt' in json ? json.receipt : json;
  if (!isReceipt(inner))
    throw new CliError(ExitCode.Usage, 'this is no receipt: put --trace --json prints one');
  const { bucket, key, version, kind } = inner;
  if (kind !== 'write')
    throw new CliError(ExitCode.Usage, 'this receipt is of a read, which changed nothing');
  if (version === undefined)
    throw new CliError(ExitCode.Usage, 'this write was refused before it had a version: it is nowhere');
  if (flags.key !== undefined && flags.key !== key)
    throw new CliError(
      ExitCode.Usage,
      `this receipt is of key ${visible(key)}, not of ${visible(flags.key)}`,
    );
  return { bucket, key, version };
}
