// The examples of the client library print what they are committed with. The other clients: test/slow/examples.test.ts.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { startEmulator } from '../support/emulator.js';
import { exampleNames, expectedOf, root, stable, wantsDeadNode } from '../support/examples.js';
import { runProgram } from '../support/run-program.js';

test('the examples in TypeScript print what they are said to print', async t => {
  const emulator = await startEmulator(t);
  const env = { NATS_URL: emulator.urls.join(',') };
  // Each has keys of its own.
  const names = exampleNames().filter(name => name !== wantsDeadNode);
  const outputs = await Promise.all(
    names.map(name => {
      const program = path.join(root, 'dist/examples', name, 'typescript/main.js');
      return runProgram(t, process.execPath, [program], { env });
    }),
  );
  for (const [i, name] of names.entries())
    assert.equal(stable(outputs[i] ?? ''), expectedOf(name, 'typescript'), name);
});
