// dynats watch: what is there and every change, as it comes.

import { once } from 'node:events';
import type { Command } from 'commander';
import type { WatchEvent } from '../../client/watch/event.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { explain } from '../help-text.js';
import { jsonLine, visible } from '../output.js';
import { defaultBucket } from '../request-flags.js';

interface WatchFlags extends ConnectionFlags {
  bucket?: string;
  json?: boolean;
  updatesOnly?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('watch')
    .description('show what is there and then every change, until it is interrupted')
    .argument('[prefix]', 'only keys that begin so')
    .option('-b, --bucket <bucket>', `bucket (default: ${defaultBucket})`)
    .option('-u, --updates-only', 'only what is written from now on')
    .option('-j, --json', 'one JSON object a line: kind, bucket, key, value, version, time, isUpdate');
  addConnectionFlags(command).action(watch);
  explain(command, {
    examples: [
      'dynats watch',
      ['dynats watch user/ --updates-only', 'only what is written from now on'],
      'dynats watch --bucket orders --json | jq -r .key',
    ],
  });
}

async function watch(prefix: string | undefined, flags: WatchFlags): Promise<void> {
  const options = {
    bucket: flags.bucket ?? defaultBucket,
    ...(prefix === undefined ? {} : { prefix }),
    include: flags.updatesOnly === true ? ('updates' as const) : ('last' as const),
  };
  const [{ withClient }, { shown }] = await Promise.all([import('../open-client.js'), import('../value.js')]);
  await withClient(flags, async client => {
    await using events = await client.watch(options);
    for await (const event of events) {
      const line = flags.json === true ? jsonLine(jsonOf(event)) : lineOf(event, shown);
      if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
    }
  });
}

/** The line of `nats kv watch`. */
function lineOf(
  { kind, bucket, key, entry, time }: WatchEvent,
  shown: (stored: { value: string } | { base64: string }) => string,
): string {
  const head = `[${localTime(time)}] ${kind === 'put' ? 'PUT' : 'DEL'} ${bucket} > ${visible(key)}`;
  return entry === undefined ? head : `${head}: ${visible(shown(entry.stored))}`;
}

function jsonOf({ kind, bucket, key, entry, version, time, isUpdate }: WatchEvent): object {
  return { kind, bucket, key, ...entry?.stored, version, time: time.toISOString(), isUpdate };
}

/** `2026-01-02 03:04:05`, in the time zone of this machine. */
function localTime(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}
