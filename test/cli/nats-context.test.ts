import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { CliError } from '../../src/cli/exit.js';
import { expand, parseContext, readContext, selectedContext } from '../../src/cli/nats-context.js';

const config = mkdtempSync(path.join(os.tmpdir(), 'dynats-context-'));
after(() => rmSync(config, { recursive: true }));
const env = { XDG_CONFIG_HOME: config, HOME: '/home/ada', REGION: 'east' };
mkdirSync(path.join(config, 'nats/context'), { recursive: true });

const parse = (fields: object) => parseContext('c', JSON.stringify(fields), env);

test('paths and URLs are expanded as the nats CLI does', () => {
  assert.equal(expand('~/a.creds', env), '/home/ada/a.creds');
  assert.equal(expand('nats://$REGION.example', env), 'nats://east.example');
  assert.equal(expand(`${'$'}{REGION}x$UNSET`, env), 'eastx');
  assert.equal(expand('a~b', env), 'a~b');
});

test('known fields are taken, empty and unknown ones left out', () => {
  assert.deepEqual(
    parse({
      url: 'nats://$REGION',
      user: 'ada',
      password: 'p$REGION',
      creds: '',
      tls_first: true,
      description: 'x',
    }),
    {
      name: 'c',
      url: 'nats://east',
      user: 'ada',
      password: 'p$REGION',
      tlsFirst: true,
    },
  );
});

test('what cannot be honoured is refused by name', () => {
  for (const field of ['nsc', 'socks_proxy', 'windows_cert_store', 'windows_cert_match'])
    assert.throws(() => parse({ [field]: 'x' }), new RegExp(`${field} is not supported`));
  assert.throws(() => parse({ creds: 'op://vault/item' }), /creds refers to op:\/\//);
});

test('a context that is no JSON object is refused without quoting it', () => {
  for (const text of ['{"password":"secret"', '[]', 'null'])
    assert.throws(
      () => parseContext('c', text, env),
      (error: unknown) =>
        error instanceof CliError && error.exitCode === 3 && !error.message.includes('secret'),
    );
});

test('a context is read by name, by path, and as the selected one', () => {
  const file = path.join(config, 'nats/context/east.json');
  writeFileSync(file, '{"url":"nats://e:4222"}');
  writeFileSync(path.join(config, 'nats/context.txt'), 'east\n');
  assert.equal(readContext('east', env).url, 'nats://e:4222');
  assert.equal(readContext(file, env).url, 'nats://e:4222');
  assert.equal(selectedContext(env), 'east');
  assert.equal(selectedContext({ HOME: '/nowhere' }), undefined);
});

test('a name that is not there lists those that are, and no name leaves the directory', () => {
  writeFileSync(path.join(config, 'nats/context/west.json'), '{}');
  assert.throws(() => readContext('north', env), /known are .*west/);
  assert.throws(() => readContext('../context', env), /is no name/);
});
