// The thresholds of `dynats check`: above which value a check warns, and above which it is critical.
import { parseDurationMs } from '../../model/duration.js';
import { CliError, ExitCode } from '../exit.js';
import { parseBytes } from '../size.js';

/** Numbers in the check's own unit; undefined where there is no limit. */
export interface Threshold {
  readonly warning: number | undefined;
  readonly critical: number | undefined;
}

export type Unit = 'count' | 'ms' | 'bytes' | 'percent';

export interface CheckKind {
  readonly flag: string;
  readonly unit: Unit;
  readonly defaults: string;
  readonly help: string;
}

/** In the order in which they are shown; each under the name that its flag has in a program. */
export const checkKinds = {
  down: { flag: '--down', unit: 'count', defaults: '0,1', help: 'nodes that do not answer' },
  notServing: {
    flag: '--not-serving',
    unit: 'count',
    defaults: '0,1',
    help: 'nodes that catch up, recover, or have a log broker of no use',
  },
  missingOwners: {
    flag: '--missing-owners',
    unit: 'percent',
    defaults: '0,',
    help: 'share of a ring of which an owner does not serve',
  },
  withoutQuorum: {
    flag: '--without-quorum',
    unit: 'percent',
    defaults: ',0',
    help: 'share of a ring of which no quorum of owners serves',
  },
  lag: { flag: '--lag', unit: 'count', defaults: '1000,100000', help: 'entries appended and not applied' },
  hints: { flag: '--hints', unit: 'count', defaults: '10000,', help: 'hint entries owed to one node' },
  hintAge: { flag: '--hint-age', unit: 'ms', defaults: '10m,2h', help: 'age of the oldest hint' },
  repairAge: {
    flag: '--repair-age',
    unit: 'ms',
    defaults: '1h,24h',
    help: 'since anti-entropy of a node reached every owner',
  },
  clock: { flag: '--clock', unit: 'ms', defaults: '500ms,2500ms', help: 'difference between two clocks' },
  logBytes: { flag: '--log-bytes', unit: 'bytes', defaults: 'off', help: 'size of a log on disk' },
} as const satisfies Record<string, CheckKind>;
export type CheckName = keyof typeof checkKinds;
export const checkNames = Object.keys(checkKinds) as CheckName[];

/** `10,100`, `10,`, `,100` or `off`. @throws CliError */
export function parseThreshold({ flag, unit }: CheckKind, text: string): Threshold {
  if (text === 'off') return { warning: undefined, critical: undefined };
  const [first, second, ...more] = text.split(',');
  const malformed = () =>
    new CliError(
      ExitCode.Usage,
      `${flag} must be WARNING,CRITICAL (${examples[unit]}; either may be left out) or off, not ${text}`,
    );
  if (second === undefined || more.length > 0) throw malformed();
  const limit = (part: string | undefined): number | undefined => {
    if (part === undefined || part.trim() === '') return undefined;
    const value = parsers[unit](part.trim());
    if (value === undefined) throw malformed();
    return value;
  };
  const [warning, critical] = [limit(first), limit(second)];
  if (warning !== undefined && critical !== undefined && critical < warning)
    throw new CliError(ExitCode.Usage, `${flag} ${text}: critical lies below warning`);
  return { warning, critical };
}

const examples: Record<Unit, string> = {
  count: '10,100',
  ms: '500ms,2h',
  bytes: '10GiB,50GiB',
  percent: '5,25',
};

const parsers: Record<Unit, (text: string) => number | undefined> = {
  count: text => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
  ms: parseDurationMs,
  bytes: parseBytes,
  percent: text => (/^\d{1,3}(\.\d+)?$/.test(text) && Number(text) <= 100 ? Number(text) : undefined),
};
