// Linearizability of any object, by search: Wing and Gong, "Testing and verifying concurrent objects" (1993), with Lowe's
// memory of what was tried ("Testing for linearizability", 2017). Exponential at worst, so it is bounded by steps: the second
// opinion on what the zones say, and what compare-and-set would be checked by.

/** An object that is operated on by one after the other. */
export interface Sequential<State, Action> {
  readonly initial: State;
  /** The state after `action`; undefined when what it returned is impossible in `state`. */
  step(state: State, action: Action): State | undefined;
  /** Equal for equal states. */
  nameOf(state: State): string;
}

export interface Interval<Action> {
  readonly action: Action;
  readonly start: number;
  /** Infinity when it may take effect at any time later, or never. */
  readonly end: number;
}

export type Linearizable = 'yes' | 'no' | 'too long';

export const STEPS_MAX = 5_000_000;

export function isLinearizable<State, Action>(
  object: Sequential<State, Action>,
  history: readonly Interval<Action>[],
  stepsMax = STEPS_MAX,
): Linearizable {
  const operations = [...history].sort((a, b) => a.start - b.start);
  const sure = operations.filter(({ end }) => end < Infinity).length;
  const done = new Uint8Array(operations.length);
  const tried = new Set<string>();
  let steps = 0;

  // Depth first, on a stack of its own: a history may be longer than the call stack is deep.
  interface Frame {
    readonly state: State;
    readonly surePlaced: number;
    /** What was placed last, to be taken back. */
    readonly placed: number;
    readonly candidates: readonly number[];
    next: number;
  }
  const frame = (state: State, surePlaced: number, placed: number): Frame => ({
    state,
    surePlaced,
    placed,
    candidates: minimal(operations, done),
    next: 0,
  });
  const stack = [frame(object.initial, 0, -1)];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.surePlaced === sure) return 'yes';
    const index = top.candidates[top.next++];
    const operation = index === undefined ? undefined : operations[index];
    if (index === undefined || operation === undefined) {
      if (top.placed >= 0) done[top.placed] = 0;
      stack.pop();
      continue;
    }
    if (++steps > stepsMax) return 'too long';
    const state = object.step(top.state, operation.action);
    if (state === undefined) continue;
    done[index] = 1;
    const name = `${Buffer.from(done).toString('latin1')}${object.nameOf(state)}`;
    if (tried.has(name)) {
      done[index] = 0;
      continue;
    }
    tried.add(name);
    stack.push(frame(state, top.surePlaced + (operation.end < Infinity ? 1 : 0), index));
  }
  return 'no';
}

/** What may come next: everything that began before the first of what is left has ended. */
function minimal(operations: readonly Interval<unknown>[], done: Uint8Array): number[] {
  let firstEnd = Infinity;
  const found: number[] = [];
  for (const [i, { start, end }] of operations.entries()) {
    if (start > firstEnd) break;
    if (done[i] === 1) continue;
    found.push(i);
    if (end < firstEnd) firstEnd = end;
  }
  return found.filter(i => (operations[i]?.start ?? 0) <= firstEnd);
}

/** What can be done to a register. A compare-and-set would be a third kind, that returns whether it took place. */
export type RegisterAction =
  | { readonly kind: 'write'; readonly value: string }
  | { readonly kind: 'read'; readonly value: string };

/** A register that holds the empty text at first. */
export const register: Sequential<string, RegisterAction> = {
  initial: '',
  step: (state, action) => (action.kind === 'write' || action.value === state ? action.value : undefined),
  nameOf: state => state,
};
