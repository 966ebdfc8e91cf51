// What a page loads of the package, found by following its imports as package.json resolves them for browsers.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  imports: Record<string, { browser: string; default: string }>;
  exports: Record<string, { default: string }>;
};

function resolve(name: string, importer: string, condition: 'browser' | 'default'): string {
  if (name.startsWith('.')) return path.join(path.dirname(importer), name);
  for (const [pattern, targets] of Object.entries(manifest.imports)) {
    const [before = '', after] = pattern.split('*');
    if (after === undefined ? name === pattern : name.startsWith(before))
      return path.join(targets[condition].replace('*', name.slice(before.length)));
  }
  return name;
}

/** Files below the root by their path, packages by their name. */
function loaded(entry: string, condition: 'browser' | 'default'): string[] {
  const found = new Set<string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    if (!file.startsWith('dist/')) return;
    const text = readFileSync(path.join(root, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/\b(?:from|import)\s*\(?\s*'([^'\n]+)'/g))
      visit(resolve(name, file, condition));
  };
  visit(path.join(manifest.exports[entry]?.default ?? ''));
  return [...found];
}

for (const entry of ['.', './kv']) {
  test(`a page that imports "${entry}" loads nothing of Node`, () => {
    const files = loaded(entry, 'browser');
    const packages = files.filter(file => !file.startsWith('dist/')).sort();
    const allowed = ['@nats-io/nats-core', '@nats-io/nats-core/internal', '@noble/hashes/sha2.js'];
    assert.deepEqual(
      packages.filter(name => !allowed.includes(name)),
      [],
    );
    const own = files.filter(file => file.startsWith('dist/'));
    assert.ok(own.length > 30 && own.includes('dist/src/client/api.js'), `${own.length} files`);
    const globals = /\b(?:Buffer\.|process\.|setImmediate\(|__dirname|\.unref\()/;
    assert.deepEqual(
      own.filter(file => globals.test(readFileSync(path.join(root, file), 'utf8'))),
      [],
    );
  });
}

test('in Node the same modules are Node’s', () => {
  const files = loaded('.', 'default');
  assert.deepEqual(
    files.filter(file => file.includes('/browser/')),
    [],
  );
  assert.ok(files.includes('dist/src/platform/node/bytes.js'));
});

test('each module of a platform has its counterpart', () => {
  for (const { browser, default: node } of Object.values(manifest.imports))
    for (const target of [browser, node])
      assert.ok(existsSync(path.dirname(path.join(root, target))), target);
});
