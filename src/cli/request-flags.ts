// Flags shared by the commands that send requests: level, bucket, coordinating node.
import type { Command } from 'commander';
import type { RequestOptions } from '../client/client.js';
import { Level } from '../model/level.js';
import { addConnectionFlags, type ConnectionFlags } from './connection.js';
import { CliError, ExitCode } from './exit.js';
import { defaultBucket } from './ring-in.js';
import { didYouMean } from './suggest.js';

export { defaultBucket };

export interface RequestFlags extends ConnectionFlags {
  level?: string;
  bucket?: string;
  via?: string;
  zone?: string;
  json?: boolean;
  session?: string;
  trace?: boolean;
}

/** What a request is about, for the line that explains its failure. */
export interface RequestSubject {
  kind: 'read' | 'write';
  key: string;
  /** Undefined when it is the bucket's to say. */
  level: Level | undefined;
  bucket: string;
  via?: string;
  zone?: string;
}

/** Begins a session where a token is asked for. */
const newSession = 'new';

/** Adds --level, --bucket, --via, --zone, --session, --trace, --json and, last, the connection flags. */
export function addRequestFlags(command: Command, kind: RequestSubject['kind']): Command {
  const levels = levelsFor(kind).map(level => level.toLowerCase());
  return addConnectionFlags(
    command
      .option(
        '-l, --level <level>',
        `consistency level: ${levels.join(', ')} (default: the bucket's, or quorum)`,
      )
      .option('-b, --bucket <bucket>', `bucket (default: ${defaultBucket})`)
      .option('--via <node>', 'node that coordinates (default: any)')
      .option('--zone <zone>', "zone that local_quorum means (default: the coordinator's)")
      .option(
        '--session <token>',
        'session to go on with, or "new"; the reply has its next token (default: none)',
      )
      .option(
        '--trace',
        'show who answered what and when, as a table or as JSON, on stderr; with --json in the reply',
      )
      .option('-j, --json', 'print the reply as JSON'),
  );
}

export function levelsFor(kind: RequestSubject['kind']): Level[] {
  return Object.values(Level).filter(level => kind === 'write' || level !== Level.Any);
}

/** A level as people write it, in any case. */
export function parseLevel(text: string, kind: RequestSubject['kind']): Level {
  const level = Object.values(Level).find(each => each === text.toUpperCase());
  const allowed = levelsFor(kind);
  if (level !== undefined && allowed.includes(level)) return level;
  const choice = allowed.map(each => each.toLowerCase()).join(', ');
  if (level === Level.Any)
    throw new CliError(ExitCode.Usage, `level any is for writes; a read takes one of ${choice}`);
  throw new CliError(
    ExitCode.Usage,
    `level "${text}" is none of ${choice}${didYouMean(
      text,
      allowed.map(each => each.toLowerCase()),
    )}`,
  );
}

/** The options of a call, and the same as what the request is about. */
export function requestOf(
  kind: RequestSubject['kind'],
  key: string,
  flags: RequestFlags,
): { options: RequestOptions; subject: RequestSubject } {
  const via = flags.via === undefined ? {} : { via: flags.via };
  const zone = flags.zone === undefined ? {} : { zone: flags.zone };
  const level = flags.level === undefined ? undefined : parseLevel(flags.level, kind);
  const bucket = flags.bucket ?? defaultBucket;
  const session =
    flags.session === undefined ? {} : { session: flags.session === newSession ? '' : flags.session };
  const trace = flags.trace === true ? { trace: true } : {};
  return {
    options: { ...(level === undefined ? {} : { level }), bucket, ...via, ...session, ...trace },
    subject: { kind, key, level, bucket, ...via, ...zone },
  };
}
