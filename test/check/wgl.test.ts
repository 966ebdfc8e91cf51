// The search: histories of the literature, and that another object than a register can be judged by it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Interval,
  isLinearizable,
  type RegisterAction,
  register,
  type Sequential,
} from '../../src/check/wgl.js';

const write = (value: string, start: number, end: number): Interval<RegisterAction> => ({
  action: { kind: 'write', value },
  start,
  end,
});
const read = (value: string, start: number, end: number): Interval<RegisterAction> => ({
  action: { kind: 'read', value },
  start,
  end,
});

const histories: readonly (readonly [
  what: string,
  history: readonly Interval<RegisterAction>[],
  expected: 'yes' | 'no',
])[] = [
  ['nothing', [], 'yes'],
  [
    'reads of the old and the new value during a write',
    [write('a', 0, 9), read('', 1, 2), read('a', 3, 4)],
    'yes',
  ],
  // Lamport, "On interprocess communication" (1986): what a regular register may do and an atomic one may not.
  ['the new-old inversion', [write('a', 0, 9), read('a', 1, 2), read('', 3, 4)], 'no'],
  ['two readers at once, one old and one new', [write('a', 0, 9), read('a', 1, 5), read('', 2, 6)], 'yes'],
  ['a stale read', [write('a', 0, 1), write('b', 2, 3), read('a', 4, 5)], 'no'],
  ['a read of what nobody wrote', [write('a', 0, 1), read('b', 2, 3)], 'no'],
  [
    'two writes at once, read in either order',
    [write('a', 0, 5), write('b', 0, 5), read('a', 6, 7), read('a', 8, 9)],
    'yes',
  ],
  [
    'two writes at once, read in both orders',
    [write('a', 0, 5), write('b', 0, 5), read('a', 6, 7), read('b', 8, 9)],
    'no',
  ],
  // Herlihy and Wing, "Linearizability" (1990): the order of operations that do not overlap is kept, by whomever they are.
  ['a write that another client does not see', [write('a', 0, 1), read('', 2, 3)], 'no'],
  [
    'a write without an answer that shows late',
    [write('a', 0, Infinity), read('', 5, 6), read('a', 7, 8)],
    'yes',
  ],
  [
    'a write without an answer that shows and is gone',
    [write('a', 0, Infinity), read('a', 5, 6), read('', 7, 8)],
    'no',
  ],
  [
    'a write without an answer that never shows',
    [write('a', 0, Infinity), write('b', 1, 2), read('b', 3, 4)],
    'yes',
  ],
];

for (const [what, history, expected] of histories)
  test(`${what}: linearizable ${expected}`, () => {
    assert.equal(isLinearizable(register, history), expected);
  });

test('the search gives up at its bound, and says so', () => {
  const many = Array.from({ length: 14 }, (_, i) => write(`v${i}`, 0, 100));
  assert.equal(isLinearizable(register, [...many, read('none', 101, 102)], 1000), 'too long');
});

type CasAction =
  | RegisterAction
  | { readonly kind: 'cas'; readonly from: string; readonly to: string; readonly done: boolean };

/** A register with compare-and-set, as it would be added. */
const casRegister: Sequential<string, CasAction> = {
  initial: '',
  step(state, action) {
    if (action.kind !== 'cas') return register.step(state, action);
    if ((state === action.from) !== action.done) return undefined;
    return action.done ? action.to : state;
  },
  nameOf: state => state,
};

test('a register with compare-and-set can be judged too', () => {
  const cas = (from: string, to: string, done: boolean, start: number, end: number): Interval<CasAction> => ({
    action: { kind: 'cas', from, to, done },
    start,
    end,
  });
  const history = [write('a', 0, 1), cas('a', 'b', true, 2, 5), cas('a', 'c', false, 2, 5), read('b', 6, 7)];
  assert.equal(isLinearizable(casRegister, history), 'yes');
  const bothDone = [write('a', 0, 1), cas('a', 'b', true, 2, 5), cas('a', 'c', true, 2, 5)];
  assert.equal(isLinearizable(casRegister, bothDone), 'no');
});
