// Every request is answered once, and by its deadline; through a node, whenever nothing was wrong meanwhile.
import type { Violation } from './history.js';

/** A deadline is looked at every few milliseconds, and an answer travels a while. */
export const ANSWER_SLACK_MS = 50;

export interface Asked {
  readonly what: string;
  readonly startedAtMs: number;
  readonly timeoutMs: number;
  /** Whether nothing was wrong from its start to its deadline. */
  wasCalm: boolean;
  /** When each answer came. */
  readonly answeredAtMs: number[];
  /** Asked over the bus: what becomes of it depends on the node and on the links. */
  readonly isRemote: boolean;
}

export function answerViolations(asked: readonly Asked[]): Violation[] {
  return asked.flatMap(({ what, startedAtMs, timeoutMs, wasCalm, answeredAtMs, isRemote }) => {
    const [first] = answeredAtMs;
    const about = `${what} at ${startedAtMs.toFixed(1)}`;
    if (answeredAtMs.length > 1)
      return [{ rule: 'every request is answered once', what: `${about}: ${answeredAtMs.length} answers` }];
    if (isRemote && !wasCalm) return [];
    if (first === undefined) return [{ rule: 'every request is answered', what: `${about}: no answer` }];
    const lateMs = first - startedAtMs - timeoutMs;
    if (lateMs <= ANSWER_SLACK_MS) return [];
    return [
      {
        rule: 'every request is answered by its deadline',
        what: `${about}: ${lateMs.toFixed(1)} ms too late`,
      },
    ];
  });
}
