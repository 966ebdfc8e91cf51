// The dashboard on a running emulator: its server asked as anybody may, and its page in a real browser.
import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { ProxiedNetwork } from '../../src/chaos/network.js';
import { type Faults, faultsOf, noFaults } from '../../src/cli/dashboard/faults.js';
import type { DashboardServer } from '../../src/cli/dashboard/server.js';
import { startDashboard } from '../../src/cli/dashboard/start.js';
import type { Emulator } from '../../src/emulator/emulator.js';
import { freePorts } from '../../src/emulator/free-ports.js';
import { type Client, connect } from '../../src/index.js';
import { openConnection } from '../../src/nats/connection.js';
import { encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';
import { subjects } from '../../src/wire/subjects.js';
import { lacksBrowser, openPage, startBrowser } from '../support/browser.js';
import { cleanUp, dynats, startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

/** How long the page has to show what is so: it is told once a second. */
const shownMs = 10_000;

async function dashboardOf(
  t: TestContext,
  emulator: Emulator,
  port: number,
  faults: Partial<Faults> = {},
): Promise<DashboardServer> {
  const dashboard = await startDashboard({
    connection: { servers: [...emulator.urls] },
    faults: { ...faultsOf(emulator), ...faults },
    port,
  });
  cleanUp(t, () => dashboard.close());
  return dashboard;
}

interface Asked {
  readonly status: number | undefined;
  readonly body: string;
}

/** With any headers, which `fetch` does not allow. */
function ask(
  url: string,
  options: { method?: string; headers?: object; body?: string } = {},
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const request = httpRequest(url, { method, headers: { ...headers } }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function refusesStrangers({ url }: DashboardServer, emulator: Emulator): Promise<void> {
  const page = await ask(url);
  assert.equal(page.status, 200);
  const token = /name="dynats-token" content="([\w-]{20,})"/.exec(page.body)?.[1] ?? '';
  assert.notEqual(token, '');

  const json = { 'content-type': 'application/json' };
  const kill = JSON.stringify({ action: 'kill', node: 'n0' });
  const refused: [string, object, RegExp, number?][] = [
    ['', { headers: { host: 'evil.example' } }, /none of this server's names/],
    ['api/events', { headers: { origin: 'http://evil.example' } }, /another site/],
    ['api/key?key=1', { headers: { 'sec-fetch-site': 'cross-site' } }, /another site/],
    ['api/access', {}, /token/],
    ['api/fault', { method: 'POST', headers: json, body: kill }, /token/],
    ['api/fault', { method: 'POST', headers: { ...json, 'x-dynats-token': 'x' }, body: kill }, /token/],
    [
      'api/fault',
      {
        method: 'POST',
        headers: { ...json, 'x-dynats-token': token, origin: 'http://evil.example' },
        body: kill,
      },
      /another site/,
    ],
  ];
  for (const [path, options, message] of refused) {
    const { status, body } = await ask(`${url}${path}`, options);
    assert.equal(status, 403, `${path} ${body}`);
    assert.match(body, message);
  }

  const own = { ...json, 'x-dynats-token': token };
  const invalid: [object, string, number, RegExp][] = [
    [own, '{', 400, /not valid JSON/],
    [own, '{}', 400, /action must be one of kill, pause, resume, restart, cut, heal/],
    [own, '{"action":"kill","node":"n0","other":"n1"}', 400, /other: kill takes one node/],
    [own, '{"action":"cut"}', 400, /node must be/],
    [own, '{"action":"cut","node":"n0","other":"n0"}', 409, /no link to itself/],
    [own, '{"action":"heal"}', 409, /no link is cut/],
    [own, '{"action":"kill","node":"../n0"}', 400, /node must be/],
    [own, '{"action":"kill","node":"n0","part":"disk"}', 400, /part must be/],
    [own, '{"action":"kill","node":"n9"}', 409, /there is no node n9/],
    [own, `"${'x'.repeat(5000)}"`, 413, /more than 4096 bytes/],
    [{ 'x-dynats-token': token }, kill, 415, /application\/json/],
  ];
  for (const [headers, body, status, message] of invalid) {
    const answer = await ask(`${url}api/fault`, { method: 'POST', headers, body });
    assert.deepEqual([answer.status, message.test(answer.body)], [status, true], answer.body);
  }
  for (const path of ['../package.json', '%2e%2e/package.json', 'main.ts', 'constructor'])
    assert.equal((await ask(`${url}${path}`)).status, 404, path);
  assert.equal(emulator.report().nodes['n0']?.replica.state, 'running');
}

/** What a broker says over a WebSocket to one who connects as `user` from the page, until it has said `until`. */
function heard(
  { page, websocket }: { page: Page; websocket: string },
  user: object,
  publish: string,
  until: RegExp,
): Promise<string> {
  return page.evaluate(`(async () => {
    const { access } = await (await fetch('/api/access', { headers: {
      'x-dynats-token': document.querySelector('meta[name=dynats-token]').content } })).json();
    const socket = new WebSocket(${JSON.stringify(websocket)});
    const user = ${JSON.stringify(user)};
    if (user.pass === true) user.pass = access.password;
    const options = JSON.stringify({ verbose: false, pedantic: false, ...user });
    let text = '';
    return new Promise(resolve => {
      socket.binaryType = 'arraybuffer';
      socket.onclose = () => resolve(text);
      socket.onmessage = ({ data }) => {
        const isFirst = text === '';
        text += new TextDecoder().decode(data);
        if (isFirst) socket.send('CONNECT ' + options + '\\r\\n${publish}PING\\r\\n');
        if (${until}.test(text)) { resolve(text); socket.close(); }
      };
    });
  })()`);
}

/** What a page of another site gets, from a broker's WebSocket and from the server. */
async function gotByStranger(
  t: TestContext,
  page: Page,
  wanted: { url: string; websocket: string },
): Promise<string> {
  const server = createServer(
    (_, response) => void response.setHeader('content-type', 'text/html').end('<p>'),
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  cleanUp(t, () => server.close());
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return page.evaluate(`(async () => {
    const socket = new WebSocket(${JSON.stringify(wanted.websocket)});
    const first = await new Promise(resolve => {
      socket.onopen = () => resolve('open');
      socket.onerror = () => resolve('refused');
    });
    const second = await fetch(${JSON.stringify(wanted.url)} + 'api/ring').then(r => r.status, () => 'refused');
    return first + ' ' + second;
  })()`);
}

const card = (page: Page, node: string, state: string) =>
  page.locator(`.node[data-node="${node}"][data-state="${state}"]`).waitFor({ timeout: shownMs });

const shows = (page: Page, selector: string, text: RegExp) =>
  page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: shownMs });

const fact = (page: Page, node: string, name: string) =>
  page.locator(`.node[data-node="${node}"] dl div`, { hasText: name }).locator('dd').textContent();

/** Gives one owner alone a newer record, as a coordinator would that died on the way. */
async function writeBehindTheOthers(emulator: Emulator, node: string, key: string): Promise<void> {
  const connection = await openConnection({ servers: [...emulator.urls], name: 'test', timeoutMs: 5000 });
  try {
    const record = {
      bucket: 'default',
      key,
      value: 'alone',
      time: Date.now() * 1000,
      writer: 'client~00000000',
    };
    await connection.request(subjects.log(node), encodeEntry([encodeRecord(record)]), { timeout: 5000 });
  } finally {
    await connection.close();
  }
}

test('the dashboard', async t => {
  const port = await freePorts(2);
  const [emulator, browser] = await Promise.all([
    startEmulator(t, {
      replica: withoutAntiEntropy,
      network: new ProxiedNetwork(),
      websockets: { pagePorts: [port] },
    }),
    lacksBrowser() ? undefined : startBrowser(t),
  ]);
  let dashboard = await dashboardOf(t, emulator, port);
  await t.test('tells nothing to other sites, and does nothing without the token of its page', () =>
    refusesStrangers(dashboard, emulator),
  );
  if (browser === undefined) return t.skip(lacksBrowser() || undefined);
  const client: Client = await connect({ servers: [...emulator.urls] });
  cleanUp(t, () => client.close());
  const { page, errors, asked } = await openPage(browser, dashboard.url);
  /** The node whose broker the page is connected to. */
  const broker = async () => /live via bus-(n\d)/.exec((await page.textContent('#link')) ?? '')?.[1] ?? '';

  await t.test(
    'shows every node by its own connection to a broker, and asks nobody else but its server',
    async () => {
      for (const node of emulator.nodes) await card(page, node, 'serving');
      await shows(page, '#link', /live via bus-n[0-3]/);
      await shows(page, '#facts', /4 nodes · 3 owners of each key · byte-ordered/);
      assert.equal(await page.locator('#ring .band').count(), 12);
      assert.deepEqual(
        asked.filter(url => !url.startsWith(dashboard.url)),
        [],
      );
    },
  );

  await t.test('shows requests, latencies and positions as they come', async () => {
    // Samples are taken once the page has been seen to ask; until then these are only counted.
    await eventually(
      async () => {
        await client.put(137, 'first', { level: 'QUORUM' });
        await client.get(137, { level: 'QUORUM' });
        return (await page.locator('#requests li', { hasText: 'QUORUM' }).count()) > 1;
      },
      { deadlineMs: shownMs, what: 'sampled requests are listed' },
    );
    await shows(page, '#requests .chip.ok', /n[023] ✓/);
    await shows(page, '[data-plot="writes"] .now', /p50 [\d.]+ms/);
    await eventually(async () => (await fact(page, 'n2', 'Keys')) === '1', {
      deadlineMs: shownMs,
      what: 'n2 holds a key',
    });
    assert.match((await fact(page, 'n2', 'Applied')) ?? '', /^(\d[\d,]*) \/ \1$/);
  });

  await t.test('finds the owners of a key and tells whether they agree', async () => {
    await client.put(137, 'agreed', { level: 'ALL' });
    await page.locator('#key-input').fill('137');
    await page.keyboard.press('Enter');
    await page.locator('[data-verdict="in sync"]').waitFor({ timeout: shownMs });
    const lit = page.locator('.node.lit h3');
    assert.deepEqual((await lit.allTextContents()).sort(), ['n0', 'n2', 'n3']);
    await shows(page, '.copies li', /n2.*newest.*owner 1.*agreed/);

    await writeBehindTheOthers(emulator, 'n3', '137');
    await page.locator('p[data-verdict="diverged"]').waitFor({ timeout: shownMs });
    assert.deepEqual(await page.locator('.copies li[data-verdict="older"]').count(), 2);
    await shows(page, '.copies li[data-verdict="newest"]', /n3/);

    await page.locator('#key-input').fill('nobody has it');
    await page.keyboard.press('Enter');
    await page.locator('p[data-verdict="missing"]').waitFor({ timeout: shownMs });
    // What a key holds is text, whatever it looks like.
    await client.put('<img src=x onerror=alert(1)>', '<b>bold</b>', { level: 'ALL' });
    await page.locator('#key-input').fill('<img src=x onerror=alert(1)>');
    await page.keyboard.press('Enter');
    await shows(page, '.copies li', /<b>bold<\/b>/);
    assert.equal(await page.locator('.copies b b, #ring img, .copies img').count(), 0);
    await page.locator('#key-clear').click();
    assert.equal(await lit.count(), 0);
  });

  await t.test('kills a node by keyboard, shows it and what is kept for it, and brings it back', async () => {
    await page.getByRole('button', { name: 'Kill n2' }).focus();
    await page.keyboard.press('Enter');
    await card(page, 'n2', 'down');
    assert.equal(emulator.report().nodes['n2']?.replica.state, 'down');
    await shows(page, '#said', /n2: killed bus server, log broker and replica/);
    await shows(page, '#events li[data-kind="fault"]', /kill n2/);
    await shows(page, '#events li[data-kind="down"]', /n2 is down/);
    await eventually(
      async () => {
        await client.put(137, 'without n2', { level: 'QUORUM' });
        return (await page.locator('#requests .chip.bad', { hasText: 'n2 ✕' }).count()) > 0;
      },
      { deadlineMs: shownMs, what: 'a request that n2 missed is listed' },
    );
    await page.locator('#key-input').fill('137');
    await page.keyboard.press('Enter');
    await shows(page, '.verdict.warn', /in sync, as far as can be seen without n2/);
    await eventually(async () => (await fact(page, 'n2', 'Hints owed')) !== '0', {
      deadlineMs: shownMs,
      what: 'hints for n2 are shown',
    });
    await page.getByRole('button', { name: 'Restart n2' }).click();
    await card(page, 'n2', 'serving');
    await shows(page, '#events li[data-kind="up"]', /n2 answers again/);
  });

  await t.test('cuts a link and shows who does not see whom, until it is healed', async () => {
    await page.locator('#cut-one').selectOption('n1');
    await page.locator('#cut-other').selectOption('n2');
    await page.getByRole('button', { name: 'Cut', exact: true }).click();
    await shows(page, '#cuts li', /n1 – n2/);
    await shows(page, '#events li[data-kind="fault"]', /cut n1 – n2/);
    // From the broker of one end the other cannot be reached; else each end says whom it has lost.
    const isSeen = async () =>
      (await fact(page, 'n1', 'Sees down')) === 'n2' || (await fact(page, 'n2', 'Sees down')) === 'n1';
    await eventually(isSeen, {
      deadlineMs: shownMs,
      what: 'an end of the cut link says that it lost the other',
    });
    assert.equal(await fact(page, 'n0', 'Sees down'), 'nobody');
    const healed = await dynats('heal', '--data', path.dirname(emulator.files('n0').dir));
    assert.match(healed.stdout, /^n1 – n2: healed; all at its ends see each other again after/);
    await shows(page, '#events li[data-kind="up"]', /healed n1 – n2/);
    for (const node of ['n1', 'n2']) await card(page, node, 'serving');
  });

  await t.test('goes on by another broker when its own dies, and when its own hangs', async () => {
    for (const fault of ['kill', 'pause'] as const) {
      const before = await broker();
      await emulator[fault](before, ['bus']);
      await eventually(async () => !['', before].includes(await broker()), {
        deadlineMs: shownMs,
        what: `the page is connected to another broker than ${before}`,
      });
      await client.put(`after ${fault}`, 'v', { level: 'ONE', timeoutMs: 10_000 });
      await page.locator('#key-input').fill(`after ${fault}`);
      await page.keyboard.press('Enter');
      await shows(page, '.copies li[data-verdict="newest"]', /v/);
      if (fault === 'pause') await emulator.resume(before);
    }
    await page.locator('#key-clear').click();
  });

  await t.test(
    'lets only its own page, with the password, look over a websocket, and nobody write',
    async () => {
      const websocket = emulator.pageAccess?.servers[emulator.nodes.indexOf(await broker())] ?? '';
      const own = { page, websocket };
      const stranger = await browser.newPage();
      assert.equal(await gotByStranger(t, stranger, { url: dashboard.url, websocket }), 'refused refused');
      await stranger.close();
      const inspector = { user: 'inspector', pass: true };
      const put = JSON.stringify({ key: 'k', value: 'v' });
      const publish = `PUB dynats.put ${put.length}\\r\\n${put}\\r\\n`;
      assert.match(await heard(own, {}, '', /ERR|PONG/), /-ERR 'Authorization Violation'/);
      assert.match(await heard(own, inspector, '', /ERR|PONG/), /PONG/);
      assert.match(
        await heard(own, inspector, publish, /ERR.*PONG/s),
        /-ERR 'Permissions Violation for Publish/,
      );
    },
  );

  await t.test('is relayed by its server where the brokers have no websocket', async () => {
    const relay = await dashboardOf(t, emulator, port + 1, { access: async () => undefined });
    const relayed = await openPage(browser, relay.url);
    await card(relayed.page, 'n0', 'serving');
    await shows(relayed.page, '#link', /live, relayed/);
    await relayed.page.locator('#key-input').fill('after kill');
    await relayed.page.keyboard.press('Enter');
    await shows(relayed.page, '.copies li[data-verdict="newest"]', /v/);
    assert.deepEqual(relayed.errors, []);
    await relayed.page.close();
  });

  await t.test(
    'goes on without its server, says so, and has its buttons again when that is back',
    async () => {
      await dashboard.close();
      await shows(page, '#banner', /The server of this page does not answer.*connected to a broker itself/);
      await shows(page, '#link', /live via/);
      await page.locator('#links').waitFor({ state: 'hidden', timeout: shownMs });
      dashboard = await dashboardOf(t, emulator, port);
      await page.locator('#banner').waitFor({ state: 'hidden', timeout: shownMs });
      await page.getByRole('button', { name: 'Kill n2' }).waitFor({ timeout: shownMs });
    },
  );

  await t.test('fits a phone, and has a dark side', async () => {
    const phone = await openPage(browser, dashboard.url, { width: 390, height: 844, colorScheme: 'dark' });
    await card(phone.page, 'n0', 'serving');
    // As functions of the page they would need its types here.
    const wide = await phone.page.evaluate('document.documentElement.scrollWidth');
    assert.equal(wide, 390);
    const background = await phone.page.evaluate('getComputedStyle(document.body).backgroundColor');
    assert.equal(background, 'rgb(18, 22, 29)');
    assert.deepEqual(phone.errors, []);
    await phone.page.close();
  });

  await t.test('had no errors but those of what was lost', () => {
    // The broker and the server that were not there.
    const expected = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|WebSocket connection to/;
    assert.deepEqual(
      errors.filter(line => !expected.test(line)),
      [],
    );
  });

  await t.test('says what is not there and what to do when there is no cluster', async () => {
    const nowhere = await freePorts(1);
    const empty = await startDashboard({
      connection: { servers: [`nats://127.0.0.1:${nowhere}`] },
      faults: noFaults,
      port: 0,
    });
    cleanUp(t, () => empty.close());
    const { page: bare } = await openPage(browser, empty.url);
    await shows(bare, '#banner', new RegExp(`Not connected.*No broker answers: nats://127.0.0.1:${nowhere}`));
    await shows(bare, '#banner', /npx dynats up/);
    assert.equal(await bare.locator('#content').isVisible(), false);
  });
});
