// The client library in a page of a real browser, over a real WebSocket listener.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../../src/index.js';
import { lacksBrowser, openPage, startBrowser } from '../support/browser.js';
import { startEmulator } from '../support/emulator.js';
import { servePackage } from '../support/page-package.js';
import { startWebSocketServer } from '../support/websocket-server.js';

declare global {
  /** In the page. */
  var client: Client;
}

test('a page puts, gets, deletes, watches, scans, keeps a session and is told of errors', {
  skip: lacksBrowser(),
}, async t => {
  const [emulator, browser, url] = await Promise.all([
    startEmulator(t, { nodes: 3 }),
    startBrowser(t),
    servePackage(t),
  ]);
  const server = await startWebSocketServer(t, emulator);
  const { page, errors } = await openPage(browser, url);

  const written = await page.evaluate(async servers => {
    const { connect } = await import('dynats');
    globalThis.client = await connect({ servers });
    const { client } = globalThis;
    const put = await client.put('137', 'from a page \u{1f600}', { level: 'ALL' });
    await client.put('138', new Uint8Array([0, 255, 128]), { level: 'QUORUM' });
    const text = await client.get('137');
    const bytes = await client.get('138');
    return {
      acked: put.acked,
      version: put.version === text?.version,
      text: text?.string(),
      bytes: [...(bytes?.value ?? [])],
      missing: await client.get('139'),
    };
  }, server.url);
  assert.deepEqual(written, {
    acked: 3,
    version: true,
    text: 'from a page \u{1f600}',
    bytes: [0, 255, 128],
    missing: undefined,
  });

  const removed = await page.evaluate(async () => {
    const { client } = globalThis;
    await client.delete('138');
    const keys: string[] = [];
    for await (const key of client.keys()) keys.push(key);
    return { gone: await client.get('138'), keys };
  });
  assert.deepEqual(removed, { gone: undefined, keys: ['137'] });

  const watched = await page.evaluate(async () => {
    const { client } = globalThis;
    const watch = await client.watch({ prefix: 'w/' });
    const events: string[] = [];
    const next = async () => {
      const { value } = await watch.next();
      events.push(`${value?.kind} ${value?.key} ${value?.entry?.string()}`);
    };
    await client.put('w/1', 'one');
    await next();
    await client.delete('w/1');
    await next();
    await watch.return();
    return events;
  });
  assert.deepEqual(watched, ['put w/1 one', 'delete w/1 undefined']);

  const session = await page.evaluate(async () => {
    const session = globalThis.client.session();
    await session.put('140', 'mine', { level: 'ONE' });
    const read = await session.get('140', { level: 'ONE' });
    return { text: read?.string(), token: session.token };
  });
  assert.equal(session.text, 'mine');
  assert.match(session.token, /^[0-9a-f]{16}\.\dv/);

  const refused = await page.evaluate(async servers => {
    const { connect, DynatsError, InvalidRequestError } = await import('dynats');
    const failure = (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        error => {
          if (error instanceof InvalidRequestError) return `${error.code} ${error.field}`;
          return error instanceof DynatsError ? error.code : String(error);
        },
      );
    return [
      await failure(globalThis.client.put('', 'x')),
      await failure(globalThis.client.put('1', 'x', { level: 'THREE', bucket: 'nowhere' })),
      await failure(connect()),
      await failure(connect({ servers: 'nats://127.0.0.1:4222' })),
      await failure(connect({ servers, mode: 'direct' })),
      await failure(connect({ servers: 'ws://127.0.0.1:1' })),
    ];
  }, server.url);
  assert.deepEqual(refused, [
    'INVALID_REQUEST key',
    'INVALID_REQUEST bucket',
    'INVALID_REQUEST servers',
    'INVALID_REQUEST servers',
    'INVALID_REQUEST mode',
    'CLOSED',
  ]);

  await emulator.kill('n2');
  const unavailable = await page.evaluate(async () => {
    const { UnavailableError } = await import('dynats');
    const error = await globalThis.client.put('137', 'x', { level: 'ALL' }).catch(error => error);
    return error instanceof UnavailableError ? [error.required, error.alive] : String(error);
  });
  assert.deepEqual(unavailable, [3, 2]);

  // The connection is made anew, and the same client goes on.
  await server.kill();
  await server.start();
  const again = await page.evaluate(async () => {
    const put = await globalThis.client.put('137', 'again', { timeoutMs: 10_000 });
    const text = (await globalThis.client.get('137'))?.string();
    await globalThis.client.close();
    return [put.acked, text];
  });
  assert.deepEqual(again, [2, 'again']);
  // Of the listener that was not there, a browser tells in its console.
  assert.deepEqual(
    errors.filter(error => !/WebSocket connection to|ERR_CONNECTION_REFUSED/.test(error)),
    [],
  );
});
