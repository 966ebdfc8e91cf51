// dynats ls: the keys of a bucket in order, with their values.

import type { Command } from 'commander';
import type { Client } from '../../client/client.js';
import { during } from '../activity.js';
import { explain } from '../help-text.js';
import { parseCount } from '../numbers.js';
import { counted, jsonLine, visible } from '../output.js';
import { addRequestFlags, defaultBucket, parseLevel, type RequestFlags } from '../request-flags.js';

interface LsFlags extends RequestFlags {
  from?: string;
  to?: string;
  limit?: string;
  keysOnly?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('ls')
    .alias('list')
    .description("list keys and values in the order of the keys' UTF-8 bytes")
    .argument('[prefix]', 'only keys that begin so')
    .option('--from <key>', 'begin with this key (default: the first)')
    .option('--to <key>', 'end before this key (default: none, to the last)')
    .option('--limit <count>', 'no more keys than this (default: all)')
    .option('-n, --keys-only', 'the keys alone; no value travels');
  addRequestFlags(command, 'read').action(ls);
  explain(command, {
    notes: 'A line is a key, a tab and its value; with --json an object.',
    examples: [
      'dynats ls',
      'dynats ls user/ --limit 20',
      ['dynats ls --keys-only --from b --to d', 'keys from b to before d, without values'],
      'dynats ls --bucket orders --json | head',
    ],
  });
}

async function ls(prefix: string | undefined, flags: LsFlags): Promise<void> {
  const options = {
    bucket: flags.bucket ?? defaultBucket,
    ...(prefix === undefined ? {} : { prefix }),
    ...(flags.from === undefined ? {} : { from: flags.from }),
    ...(flags.to === undefined ? {} : { to: flags.to }),
    ...(flags.limit === undefined ? {} : { limit: parseCount(flags.limit, '--limit') }),
    ...(flags.level === undefined ? {} : { level: parseLevel(flags.level, 'read') }),
    ...(flags.via === undefined ? {} : { via: flags.via }),
  };
  const [{ withClient }, { LineWriter }, { shown }] = await Promise.all([
    import('../open-client.js'),
    import('../line-writer.js'),
    import('../value.js'),
  ]);
  const lines = new LineWriter(process.stdout);
  let count = 0;
  let told = () => {};
  const line = (text: string) => {
    count++;
    told();
    return lines.line(text);
  };
  const list = async (client: Client) => {
    if (flags.keysOnly === true) {
      for await (const key of client.keys(options))
        await line(flags.json === true ? jsonLine({ key }) : visible(key));
    } else {
      for await (const { key, version, stored } of client.scan(options))
        await line(
          flags.json === true
            ? jsonLine({ key, ...stored, version })
            : `${visible(key)}\t${visible(shown(stored))}`,
        );
    }
  };
  const zone = flags.zone === undefined ? {} : { zone: flags.zone };
  await during('asking the owners', activity => {
    // On a terminal the list itself tells how far it is.
    if (process.stdout.isTTY !== true)
      told = () => {
        activity.at = `${counted(count, 'key')} listed`;
      };
    activity.interrupted = () => {
      void lines.flush();
      return `${counted(count, 'key')} were listed, the rest was not`;
    };
    return withClient(flags, list, zone).finally(() => lines.flush());
  });
}
