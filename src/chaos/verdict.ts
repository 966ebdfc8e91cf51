// Judges a history by the order of versions: acknowledged writes that are lost, reads that are older than they may be, values
// nobody wrote. Every key by itself, since no promise spans keys.
import type { Operation } from '../check/history.js';

export const Rule = {
  /** A QUORUM read after everything is older than an acknowledged write at QUORUM or ALL. */
  Lost: 'lost',
  /** A QUORUM read is older than what QUORUM or ALL had acknowledged, or a QUORUM read returned, before it began. */
  Stale: 'stale',
  /** A ONE read is older than what ALL had acknowledged before it began. */
  StaleAtOne: 'stale-after-all',
  /** A read of a session is older than what the session wrote or read before. */
  Session: 'session',
  /** A read returned what nobody wrote, or under another version. */
  Phantom: 'phantom',
} as const;
export type Rule = (typeof Rule)[keyof typeof Rule];

export interface Violation {
  readonly rule: Rule;
  readonly key: string;
  /** What contradict each other: the older one first. */
  readonly operations: readonly Operation[];
}

export interface Verdict {
  readonly operations: number;
  /** Writes. */
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** How often each rule was broken. */
  readonly broken: Readonly<Record<Rule, number>>;
  /** The first few. */
  readonly violations: readonly Violation[];
}

export interface VerdictOptions {
  /** Clients whose operations are of one session each. */
  readonly isSession: (client: string) => boolean;
  /** Clients whose reads came after everything else: what they miss is lost. */
  readonly isFinal: (client: string) => boolean;
}

const violationsMax = 20;

export const emptyVerdict: Verdict = {
  operations: 0,
  acknowledged: 0,
  refused: 0,
  unknown: 0,
  broken: { lost: 0, stale: 0, 'stale-after-all': 0, session: 0, phantom: 0 },
  violations: [],
};

export function judge(history: readonly Operation[], options: VerdictOptions): Verdict {
  const judging = new Judging(options);
  for (const operations of byKey(history).values()) judging.key(operations);
  const count = (wanted: (operation: Operation) => boolean) => history.filter(wanted).length;
  return {
    operations: history.length,
    acknowledged: count(({ kind, outcome }) => kind !== 'get' && outcome === 'ok'),
    refused: count(({ outcome }) => outcome === 'refused'),
    unknown: count(({ outcome }) => outcome === 'unknown'),
    broken: judging.broken,
    violations: judging.violations,
  };
}

/** Two verdicts on different keys, as one. */
export function joined(a: Verdict, b: Verdict): Verdict {
  const rules = Object.values(Rule);
  return {
    operations: a.operations + b.operations,
    acknowledged: a.acknowledged + b.acknowledged,
    refused: a.refused + b.refused,
    unknown: a.unknown + b.unknown,
    broken: Object.fromEntries(
      rules.map(rule => [rule, a.broken[rule] + b.broken[rule]]),
    ) as Verdict['broken'],
    violations: [...a.violations, ...b.violations].slice(0, violationsMax),
  };
}

export function isClean({ broken }: Verdict): boolean {
  return Object.values(broken).every(count => count === 0);
}

/** By time, then writer: as the store orders them, but for ties within one microsecond of one writer, which there are none. */
export function isOlder(a: string | null, b: string | null): boolean {
  if (b === null) return false;
  if (a === null) return true;
  const [timeA = '', writerA = ''] = a.split('@');
  const [timeB = '', writerB = ''] = b.split('@');
  return Number(timeA) - Number(timeB) < 0 || (timeA === timeB && writerA < writerB);
}

class Judging {
  readonly broken: Record<Rule, number> = {
    lost: 0,
    stale: 0,
    'stale-after-all': 0,
    session: 0,
    phantom: 0,
  };
  readonly violations: Violation[] = [];

  constructor(private readonly options: VerdictOptions) {}

  key(operations: readonly Operation[]): void {
    const ok = operations.filter(({ outcome }) => outcome === 'ok');
    const reads = ok.filter(({ kind }) => kind === 'get').sort((a, b) => a.startedAtMs - b.startedAtMs);
    this.phantoms(operations, reads);
    const isQuorum = ({ level }: Operation) => level === 'QUORUM' || level === 'ALL';
    this.floors(ok.filter(isQuorum), reads.filter(isQuorum), read =>
      this.options.isFinal(read.client) ? Rule.Lost : Rule.Stale,
    );
    const atAll = ok.filter(({ kind, level }) => kind !== 'get' && level === 'ALL');
    const atOne = reads.filter(({ level }) => level === 'ONE');
    this.floors(atAll, atOne, () => Rule.StaleAtOne);
    for (const own of byClient(ok).values())
      if (this.options.isSession(own[0]?.client ?? ''))
        this.floors(
          own,
          own.filter(({ kind }) => kind === 'get'),
          () => Rule.Session,
        );
  }

  /** No read is older than the newest version of `known` that had ended before it began. */
  private floors(
    known: readonly Operation[],
    reads: readonly Operation[],
    rule: (read: Operation) => Rule,
  ): void {
    const ended = [...known].sort((a, b) => a.endedAtMs - b.endedAtMs);
    const begun = [...reads].sort((a, b) => a.startedAtMs - b.startedAtMs);
    let next = 0;
    let floor: Operation | undefined;
    for (const read of begun) {
      for (
        let each = ended[next];
        each !== undefined && each.endedAtMs < read.startedAtMs;
        each = ended[++next]
      )
        if (floor === undefined || isOlder(floor.version, each.version)) floor = each;
      if (floor === undefined || !isOlder(read.version, floor.version)) continue;
      // A delete that was purged leaves nothing, not even its version.
      if (
        read.version === null &&
        (floor.kind === 'delete' || (floor.kind === 'get' && floor.value === undefined))
      )
        continue;
      const broken = rule(read);
      this.broken[broken] += broken === Rule.Lost ? acknowledgedAbove(known, read.version) : 1;
      this.note({ rule: broken, key: read.key, operations: [floor, read] });
    }
  }

  private phantoms(operations: readonly Operation[], reads: readonly Operation[]): void {
    const puts = new Map(
      operations.flatMap(each =>
        each.kind === 'put' && each.value !== undefined ? [[each.value, each] as const] : [],
      ),
    );
    for (const read of reads) {
      if (read.value === undefined) continue;
      const put = puts.get(read.value);
      if (put !== undefined && (put.version === null || put.version === read.version)) continue;
      this.broken.phantom++;
      this.note({
        rule: Rule.Phantom,
        key: read.key,
        operations: put === undefined ? [read] : [put, read],
      });
    }
  }

  private note(violation: Violation): void {
    if (this.violations.length < violationsMax) this.violations.push(violation);
  }
}

function acknowledgedAbove(known: readonly Operation[], version: string | null): number {
  return known.filter(({ kind, version: its }) => kind !== 'get' && isOlder(version, its)).length;
}

function byKey(history: readonly Operation[]): Map<string, Operation[]> {
  return grouped(history, ({ key }) => key);
}

function byClient(history: readonly Operation[]): Map<string, Operation[]> {
  return grouped(history, ({ client }) => client);
}

function grouped(
  history: readonly Operation[],
  name: (operation: Operation) => string,
): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const operation of history) {
    const group = groups.get(name(operation));
    if (group === undefined) groups.set(name(operation), [operation]);
    else group.push(operation);
  }
  return groups;
}
