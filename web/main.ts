// The page: follows the server's stream, and hands what is new to those who draw it.
import type { Message } from '../dist/src/cli/dashboard/feed.js';
import type { FaultRequest, Hello, KeyView, RequestView, View } from '../dist/src/cli/dashboard/view.js';
import { nameNodes } from './colors.js';
import { byId, html, offer, setText } from './elements.js';
import { showEvents } from './events.js';
import { showLinks } from './faults.js';
import { type Past, recall, remember } from './history.js';
import { clearKey, showKey, showKeyError } from './key.js';
import { Link } from './link.js';
import { lightNodes, showNodes, showShares } from './nodes.js';
import { addMark, addPoint, setHistory, startPlots } from './plots.js';
import { showRequests } from './requests.js';
import { drawNodes, drawRequest, drawRing } from './ring.js';
import { makeFault } from './server.js';
import { age } from './words.js';

/** How often a key that was asked for is looked up again, in milliseconds. */
const KEY_PERIOD_MS = 1000;
/** Without a word from the server for this long the page says so, in milliseconds. */
const SILENCE_MS = 5000;

const bucket = byId<HTMLSelectElement>('bucket');
const input = byId<HTMLInputElement>('key-input');
let view: View | undefined;
let ringOf = '';
let wanted: { bucket: string; key: string } | undefined;
let found: KeyView | undefined;
let heardAt = Date.now();
/** Whether the server of the page has answered: it has to be there before it can be missed. */
let wasServed = false;
const link = new Link({ hello: sayHello, message: hear, changed: checkLink });

startPlots();
showRequests([], true);
showPast(recall());
void link.start();
// Lists that scroll can be scrolled by keyboard.
for (const id of ['requests', 'events', 'nodes']) byId(id).tabIndex = 0;
setInterval(checkLink, 1000);
setInterval(() => void lookUp(), KEY_PERIOD_MS);
byId('key-form').addEventListener('submit', event => {
  event.preventDefault();
  if (input.value === '') return forget();
  wanted = { bucket: bucket.value, key: input.value };
  byId('key-clear').hidden = false;
  void lookUp();
});
byId('key-clear').addEventListener('click', forget);
bucket.addEventListener('change', () => {
  bucket.dataset['chosen'] = bucket.value;
  forget();
  void refreshRing();
});

function sayHello(hello: Hello): void {
  heardAt = Date.now();
  showView(hello.view);
  showPast(remember(hello));
  showRequests(hello.requests, true);
}

function showPast({ points, events }: Past): void {
  setHistory(points, events);
  showEvents(events, true);
}

function hear({ type, data }: Message): void {
  heardAt = Date.now();
  if (type === 'view') showView(data);
  else if (type === 'point') {
    remember({ points: [data] });
    addPoint(data);
  } else if (type === 'requests') hearRequests(data);
  else {
    remember({ events: [data] });
    addMark(data);
    showEvents([data], false);
  }
}

function hearRequests(requests: readonly RequestView[]): void {
  showRequests(requests, false);
  // Spread over the second that they come from.
  for (const [i, request] of requests.entries())
    setTimeout(() => drawRequest(request), (i * 900) / requests.length);
}

function showView(now: View): void {
  view = now;
  const { cluster, nodes } = now;
  byId('content').hidden = nodes.length === 0;
  nameNodes(nodes.map(({ node }) => node));
  showNodes(now, fault => void act(fault));
  showLinks(now, fault => void act(fault));
  if (cluster !== null) {
    const { name, partitioner, replicationFactor, buckets } = cluster;
    setText(
      byId('facts'),
      `${name} · ${nodes.length} nodes · ${replicationFactor} owners of each key · ${partitioner}`,
    );
    offer(bucket, buckets);
    const ring = `${bucket.value} ${nodes.map(({ node }) => node).join()} ${replicationFactor}`;
    if (now.isConnected && ring !== ringOf) void refreshRing(ring);
  }
  drawNodes(now, found);
  checkLink();
}

async function refreshRing(ring = ''): Promise<void> {
  ringOf = ring;
  try {
    const drawn = await link.ring(bucket.value);
    drawRing(drawn);
    showShares(drawn);
    if (view !== undefined) drawNodes(view, found);
  } catch {
    ringOf = ''; // Tried again with the next view.
  }
}

async function lookUp(): Promise<void> {
  const asked = wanted;
  if (asked === undefined || document.hidden || view?.isConnected !== true) return;
  try {
    const answer = await link.key(asked.bucket, asked.key);
    if (wanted !== asked) return;
    found = answer;
    showKey(answer);
  } catch (error) {
    if (wanted !== asked) return;
    found = undefined;
    showKeyError(error instanceof Error ? error.message : String(error));
  }
  lightNodes(found === undefined ? undefined : new Set(found.owners));
  if (view !== undefined) drawNodes(view, found);
}

function forget(): void {
  wanted = undefined;
  found = undefined;
  input.value = '';
  byId('key-clear').hidden = true;
  clearKey();
  lightNodes(undefined);
  if (view !== undefined) drawNodes(view, undefined);
}

async function act(fault: FaultRequest): Promise<void> {
  const { action, node = 'all links', other } = fault;
  const what = `${action} ${node}${other === undefined ? '' : ` ${other}`}`;
  const said = byId('said');
  setText(said, `${what}…`);
  const part = byId<HTMLSelectElement>('part').value;
  const hasPart = part !== '' && (action === 'kill' || action === 'pause');
  try {
    setText(said, await makeFault({ ...fault, ...(hasPart ? { part: part as 'bus' } : {}) }));
  } catch (error) {
    setText(said, `${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Says honestly what is shown: live, and by which way, or what was seen last. */
function checkLink(): void {
  wasServed ||= link.hasServer;
  const silentMs = Date.now() - heardAt;
  const isLost = silentMs > SILENCE_MS || (!link.isDirect && !link.hasServer);
  const isLive = !isLost && view?.isConnected === true;
  const pill = byId('link');
  setText(
    pill,
    isLive && view !== undefined ? `● ${wayOf(view)}` : isLost ? '✕ no server' : '✕ not connected',
  );
  pill.className = `pill ${isLive ? 'ok' : 'bad'}`;
  pill.title = isLive && !link.isDirect ? `relayed by ${location.host}: ${link.whyRelayed ?? ''}` : '';
  document.body.classList.toggle('stale', !isLive);
  const banner = byId('banner');
  const isWithoutServer = isLive && !link.hasServer && wasServed;
  banner.hidden = (isLive && !isWithoutServer) || (isLost && view === undefined && silentMs < 1500);
  if (banner.hidden) return;
  const [title, what, todo] = isLost || isWithoutServer ? lost(silentMs, isLive) : apart();
  if (banner.dataset['title'] === title && banner.dataset['what'] === what) return;
  Object.assign(banner.dataset, { title, what });
  banner.replaceChildren(html('h2', {}, title), html('p', {}, what), todo);
}

function wayOf({ via }: View): string {
  return via.way === 'relay' ? 'live, relayed' : `live via ${via.broker ?? 'a broker'}`;
}

function lost(silentMs: number, isLive: boolean): [string, string, HTMLElement] {
  const rest = isLive
    ? 'The page is connected to a broker itself and goes on, without its fault buttons.'
    : `It was last heard ${age(silentMs)} ago. ${view === undefined ? '' : 'What is below is what it said then.'}`;
  return [
    'The server of this page does not answer',
    `It was ${location.origin}. ${rest} The page tries again every second.`,
    html(
      'p',
      {},
      'Start it again with ',
      html('code', {}, 'npm start'),
      ' or ',
      html('code', {}, 'npx dynats dashboard'),
      '.',
    ),
  ];
}

function apart(): [string, string, HTMLElement] {
  return [
    'Not connected to the cluster',
    `${view?.why ?? 'No node answers.'} The server tries again every second.`,
    html(
      'p',
      {},
      'Start an emulator with ',
      html('code', {}, 'npx dynats up'),
      ', restart a node, or name the servers: ',
      html('code', {}, 'npx dynats dashboard --server nats://…'),
    ),
  ];
}
