// What a node logs holds what there is to know of an error, and one event is one line.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import pc from 'picocolors';
import { prettyLine } from '../../src/cli/node-logger.js';

const script = (format: string) => `
import { nodeLogger } from ${JSON.stringify(new URL('../../src/cli/node-logger.js', import.meta.url).href)};
const logger = await nodeLogger('n1', 'warn', '${format}');
logger.info({}, 'not told');
logger.warn({ error: new RangeError('out\\nside'), peer: 'n2' }, 'could not');
`;

function logged(format: string): string {
  const args = ['--input-type=module', '-e', script(format)];
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
    .stderr;
}

test('an error is logged with its type, message and stack, below the level nothing', () => {
  const lines = logged('json').trim().split('\n');
  assert.equal(lines.length, 1);
  const { level, node, msg, peer, error, time } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.deepEqual([level, node, msg, peer], [40, 'n1', 'could not', 'n2']);
  assert.ok(Math.abs(Number(time) - Date.now()) < 60_000);
  const { type, message, stack } = error as Record<string, string>;
  assert.deepEqual([type, message], ['RangeError', 'out\nside']);
  assert.match(stack ?? '', /^RangeError: out/);
});

test('the line for a person has the same, but the stack', () => {
  assert.match(
    logged('pretty'),
    /^\d\d:\d\d:\d\d\.\d{3} WARN {2}n1 could not error=RangeError: out\\nside peer=n2\n$/,
  );
});

test('a line without further fields ends with its message', () => {
  const line = JSON.stringify({ level: 30, time: 0, node: 'n0', msg: 'takes writes' });
  assert.equal(prettyLine(line, pc.createColors(false)), '00:00:00.000 INFO  n0 takes writes');
});
