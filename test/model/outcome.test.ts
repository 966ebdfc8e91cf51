import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conclusionOf } from '../../src/cli/outcome.js';
import { judgeOutcome, type Verdict } from '../../src/model/outcome.js';
import type { OutcomeReply } from '../../src/wire/generated/types.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const owners = ['n2', 'n3', 'n0'];
const version = '50@w';

function reply(node: string, held: number | 'same' | null, more: Partial<OutcomeReply> = {}): OutcomeReply {
  const text = held === null ? null : `${held === 'same' ? 50 : held}@w`;
  return { node, state: 'serving', held: text, hinted: [], isComplete: true, ...more };
}

const rest = (...but: string[]) => nodes.filter(node => !but.includes(node)).map(node => reply(node, null));

interface Case {
  readonly what: string;
  readonly replies: OutcomeReply[];
  readonly verdict: Verdict;
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  {
    what: 'one owner has it',
    replies: [...rest('n2'), reply('n2', 'same')],
    verdict: 'stored',
    says: /on n2$/,
  },
  {
    what: 'owners have it and a hint keeps it for another',
    replies: [reply('n0', 'same'), reply('n1', null, { hinted: ['n2'] }), reply('n3', 'same')],
    verdict: 'stored',
    says: /on n3, n0, hinted for n2, as far as can be seen without n2$/,
  },
  {
    what: 'an owner has a newer version',
    replies: [reply('n2', 'same'), reply('n3', 51), reply('n0', 'same'), reply('n1', null)],
    verdict: 'superseded',
    says: /superseded: n3 holds a newer version/,
  },
  {
    what: 'the same time of a larger writer is newer',
    replies: [...rest('n3'), reply('n3', null, { held: '50@x' })],
    verdict: 'superseded',
    says: /n3/,
  },
  {
    what: 'a delete of the same time is newer, whoever wrote it',
    replies: [...rest('n3'), reply('n3', null, { held: '50@a', deleted: true })],
    verdict: 'superseded',
    says: /n3/,
  },
  {
    what: 'only a hint has it',
    replies: [...rest('n1'), reply('n1', null, { hinted: ['n3'] })],
    verdict: 'hinted',
    says: /no owner has it, hinted for n3/,
  },
  {
    what: 'owners have older ones',
    replies: [...rest('n2'), reply('n2', 49)],
    verdict: 'nowhere',
    says: /repeat/,
  },
  { what: 'nobody has anything', replies: rest(), verdict: 'nowhere', says: /^nowhere/ },
  { what: 'an owner is silent', replies: rest('n3'), verdict: 'unknown', says: /without n3/ },
  {
    what: 'a node that may hold a hint is silent',
    replies: rest('n1'),
    verdict: 'unknown',
    says: /without n1/,
  },
  { what: 'nobody answers', replies: [], verdict: 'unknown', says: /without n0, n1, n2, n3/ },
  {
    what: 'an owner has not read its log yet',
    replies: [...rest('n2'), reply('n2', 49, { state: 'catching-up' })],
    verdict: 'unknown',
    says: /without n2/,
  },
  {
    what: 'an owner that is recovering has it all the same',
    replies: [...rest('n2'), reply('n2', 'same', { state: 'recovering' })],
    verdict: 'stored',
    says: /on n2$/,
  },
  {
    what: 'a node has more hints than it looked through',
    replies: [...rest('n1'), reply('n1', null, { isComplete: false })],
    verdict: 'unknown',
    says: /unknown/,
  },
];

test('where a write stands follows from what each node knows', () => {
  for (const { what, replies, verdict, says } of cases) {
    const report = judgeOutcome(version, { nodes, owners }, replies);
    assert.equal(report.verdict, verdict, what);
    assert.match(conclusionOf(report), says, what);
  }
});
