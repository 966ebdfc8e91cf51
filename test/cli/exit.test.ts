import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommanderError } from 'commander';
import { CliError, ExitCode, exitCodeOf, failureLine } from '../../src/cli/exit.js';
import { inConsole } from '../../src/cli/remedies.js';
import {
  ClosedError,
  InternalError,
  InvalidRequestError,
  OverloadedError,
  ReadTimeoutError,
  UnavailableError,
  WriteTimeoutError,
} from '../../src/errors.js';

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

test('the console names its own statements, not flags and commands of the shell', () => {
  const failures = [new UnavailableError(2, 1), new ReadTimeoutError(2, 1), new ClosedError()];
  const lines = failures.map(failure => failureLine(failure, inConsole));
  assert.match(lines[0] ?? '', /see status for who is down, or try a lower CONSISTENCY$/);
  assert.match(lines[1] ?? '', /a longer --timeout of the console, or try a lower CONSISTENCY$/);
  assert.doesNotMatch(lines.join(), /--level|dynats /);
});
