import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from '../../../src/cli/dashboard/guard.js';

const here = { listen: '127.0.0.1', token: 'secret' };
const open = { listen: '0.0.0.0', token: 'secret' };

test('only the names of this machine are answered, so that a name made to mean it is of no use', () => {
  const table: [string | undefined, typeof here, boolean][] = [
    ['127.0.0.1:8222', here, true],
    ['localhost:8222', here, true],
    ['LOCALHOST', here, true],
    ['[::1]:8222', here, true],
    ['127.9.9.9', here, true],
    ['evil.example', here, false],
    ['127.0.0.1.evil.example:8222', here, false],
    ['192.168.1.5:8222', here, false],
    ['', here, false],
    [undefined, here, false],
    ['192.168.1.5:8222', open, true],
    ['[fe80::1]:8222', open, true],
    ['evil.example', open, false],
  ];
  for (const [host, options, isAnswered] of table)
    assert.equal(
      refusal(host === undefined ? {} : { host }, 'look', options) === undefined,
      isAnswered,
      `${host} on ${options.listen}`,
    );
});

test('a page of another site is answered nothing', () => {
  const host = '127.0.0.1:8222';
  assert.equal(refusal({ host, origin: `http://${host}` }, 'look', here), undefined);
  assert.equal(refusal({ host, 'sec-fetch-site': 'none' }, 'look', here), undefined);
  for (const headers of [
    { host, origin: 'http://evil.example' },
    { host, origin: 'http://127.0.0.1:9999' },
    { host, origin: 'null' },
    { host, 'sec-fetch-site': 'cross-site' },
    { host, 'sec-fetch-site': 'same-site' },
  ])
    assert.match(refusal(headers, 'look', here) ?? '', /another site/, JSON.stringify(headers));
});

test('a change needs the token', () => {
  const host = 'localhost';
  assert.equal(refusal({ host, 'x-dynats-token': 'secret' }, 'change', here), undefined);
  for (const token of [undefined, '', 'secre', 'secret2', 'SECRET'])
    assert.match(refusal({ host, 'x-dynats-token': token }, 'change', here) ?? '', /token/, `${token}`);
});
