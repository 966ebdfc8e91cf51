// What a lesson is: steps that each say a little, have a command typed, and are judged by the cluster.
import type { Level } from '../../wire/generated/types.js';
import type { Counted, Facts, Kind } from './facts.js';

/** What became of a line that was typed. */
export interface Ran {
  /** All it printed. */
  readonly text: string;
  /** Whether it failed. */
  readonly failed: boolean;
}

/** What a check may look at. */
export interface Seen {
  readonly facts: Facts;
  /** What the nodes had coordinated when the step began. */
  readonly before: readonly Counted[];
  readonly ran: Ran;
}

/** A prediction, asked before the command and judged after it. */
export interface Question {
  readonly ask: string;
  /** The words to choose from. */
  readonly options: readonly string[];
  /** What is to be expected; the walk by itself answers this, and fails when it turns out wrong. */
  readonly expected: string;
  /** Which option came true. */
  readonly reality: (seen: Seen) => Promise<string>;
}

export interface Step {
  /** A few short lines: what is about to be seen. */
  readonly tell: string;
  readonly question?: Question;
  /** What to do, in words. */
  readonly task: string;
  /** The line that does it. */
  readonly command: string;
  /** Judges by the cluster whether it happened. @returns what is missing, or undefined. */
  readonly check: (seen: Seen) => Promise<string | undefined>;
  /** How long the cluster may take for it, in milliseconds; default 3000. */
  readonly limitMs?: number;
  /** What has been seen. */
  readonly after?: string;
}

export interface Lesson {
  /** In a few words, for the list. */
  readonly title: string;
  readonly intro: string;
  /** Lines that are typed for the learner before the first step: what an earlier lesson has shown. */
  readonly setup?: readonly string[];
  readonly steps: readonly Step[];
  readonly end: string;
}

/** How many requests of a kind the nodes, or one of them, have answered or failed since the step began. */
export async function since(
  { facts, before }: Seen,
  what: { kind: Kind; level: Level; node?: string },
): Promise<{ answered: number; failed: number }> {
  const total = (counts: readonly Counted[]) => {
    const wanted = counts.filter(
      ({ node, kind, level }) =>
        kind === what.kind && level === what.level && (what.node === undefined || node === what.node),
    );
    return {
      answered: wanted.reduce((sum, { answered }) => sum + answered, 0),
      failed: wanted.reduce((sum, { failed }) => sum + failed, 0),
    };
  };
  const [then, now] = [total(before), total(await facts.counts())];
  return { answered: now.answered - then.answered, failed: now.failed - then.failed };
}
