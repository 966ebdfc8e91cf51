import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommanderError } from 'commander';
import { absentCoordinator, missingOwners, unavailableLine } from '../../src/cli/advice.js';
import { CliError, ExitCode, exitCodeOf, failureLine } from '../../src/cli/exit.js';
import type { RequestSubject } from '../../src/cli/request-flags.js';
import {
  ClosedError,
  InternalError,
  InvalidRequestError,
  OverloadedError,
  ReadTimeoutError,
  UnavailableError,
  WriteTimeoutError,
} from '../../src/errors.js';
import type { ClusterReply } from '../../src/wire/generated/types.js';

test('every failure has its exit code', () => {
  const table: [unknown, number][] = [
    [new UnavailableError(2, 1), 5],
    [new OverloadedError('full'), 5],
    [new WriteTimeoutError(2, 1), 124],
    [new ReadTimeoutError(2, 1), 124],
    [new InvalidRequestError('key', 'key is empty'), 3],
    [new ClosedError(), 2],
    [new InternalError('x'), 1],
    [new TypeError('key must be a string'), 3],
    [new Error('boom'), 1],
    ['thrown text', 1],
    [new CliError(ExitCode.KeyNotFound, 'none'), 6],
    [new CommanderError(1, 'commander.unknownOption', 'x'), 3],
    [new CommanderError(0, 'commander.helpDisplayed', 'x'), 0],
  ];
  for (const [error, code] of table) assert.equal(exitCodeOf(error), code, String(error));
});

test('a TypeError of a defect is no bad argument', () => {
  const defect = (() => {
    try {
      return (undefined as unknown as { x: string }).x;
    } catch (error) {
      return error;
    }
  })();
  assert.equal(exitCodeOf(defect), 1);
});

test('a failure line begins with the code and names a field only once', () => {
  assert.equal(failureLine(new InvalidRequestError('key', 'key is empty')), 'INVALID_REQUEST: key is empty');
  assert.equal(
    failureLine(new InvalidRequestError('level', 'not known')),
    'INVALID_REQUEST: level: not known',
  );
  assert.match(failureLine(new WriteTimeoutError(2, 1)), /^WRITE_TIMEOUT: 1 of 2 .*: read the key to see/);
});

const subject: RequestSubject = { kind: 'write', key: '137', level: 'QUORUM', bucket: 'default' };

test('a refused request says who is down and what to do', () => {
  const down = [
    { node: 'n2', state: 'down' },
    { node: 'n3', state: 'down' },
  ];
  assert.equal(
    unavailableLine(new UnavailableError(2, 1), subject, down),
    'UNAVAILABLE: QUORUM needs 2 owners of key 137, 1 alive (n2, n3 down): start them (dynats restart n2), or try --level one',
  );
});

test('a lower level is advised only where it can help', () => {
  const none = [{ node: 'n2', state: 'down' }];
  const line = (error: UnavailableError, more: Partial<RequestSubject>) =>
    unavailableLine(error, { ...subject, ...more }, none);
  assert.match(line(new UnavailableError(1, 0), { level: 'ONE' }), /or try --level any$/);
  assert.match(
    line(new UnavailableError(1, 0), { level: 'ONE', kind: 'read' }),
    /start it \(dynats restart n2\)$/,
  );
  assert.match(line(new UnavailableError(1, 0), { level: 'ANY' }), /start it \(dynats restart n2\)$/);
});

const view: ClusterReply = {
  node: 'n0',
  cluster: { name: 'c', nodes: ['n0', 'n1', 'n2', 'n3'], replicationFactor: 3, partitioner: 'byte-ordered' },
  time: 1,
  now: 1,
  peers: [
    { node: 'n0', incarnation: 1, state: 'serving', time: 1, now: 1, remembers: {} },
    { node: 'n2', incarnation: 1, state: 'recovering', time: 1, now: 1, remembers: {} },
    { node: 'n3', incarnation: 1, state: 'serving', time: 1, now: 1, remembers: {}, leaving: true },
  ],
};

test('a recovering owner is missing for reads only, a leaving one for all', () => {
  const states = (kind: 'read' | 'write') =>
    missingOwners(view, { ...subject, kind }).map(each => `${each.node} ${each.state}`);
  assert.deepEqual(states('read'), ['n2 recovering', 'n3 down']);
  assert.deepEqual(states('write'), ['n3 down']);
});

test('a coordinator that is down or unknown is named instead of the owners', () => {
  assert.equal(absentCoordinator(view, undefined), undefined);
  assert.equal(absentCoordinator(view, 'n0'), undefined);
  assert.equal(absentCoordinator(view, 'n3')?.exitCode, 5);
  assert.match(absentCoordinator(view, 'n3')?.line ?? '', /node n3 is to coordinate and is down/);
  assert.equal(absentCoordinator(view, 'n9')?.exitCode, 3);
});
