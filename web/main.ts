// The page: follows the server's stream, and hands what is new to those who draw it.
import type {
  Hello,
  KeyView,
  Point,
  RequestView,
  TimelineEvent,
  View,
} from '../dist/src/cli/dashboard/view.js';
import { nameNodes } from './colors.js';
import { byId, html, offer, setText } from './elements.js';
import { showEvents } from './events.js';
import { clearKey, showKey, showKeyError } from './key.js';
import { lightNodes, showNodes } from './nodes.js';
import { addMark, addPoint, setHistory, startPlots } from './plots.js';
import { showRequests } from './requests.js';
import { drawNodes, drawRequest, drawRing } from './ring.js';
import { askKey, askRing, makeFault } from './server.js';
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
let isLinked = false;

startPlots();
listen();
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

function listen(): void {
  const source = new EventSource('/api/events');
  const on = <T>(type: string, handle: (data: T) => void) =>
    source.addEventListener(type, event => {
      heardAt = Date.now();
      isLinked = true;
      handle(JSON.parse((event as MessageEvent<string>).data) as T);
    });
  on<Hello>('hello', hello => {
    showView(hello.view);
    setHistory(hello.points, hello.events);
    showEvents(hello.events, true);
    showRequests(hello.requests, true);
  });
  on<View>('view', showView);
  on<Point>('point', addPoint);
  on<TimelineEvent>('event', event => {
    addMark(event);
    showEvents([event], false);
  });
  on<RequestView[]>('requests', requests => {
    showRequests(requests, false);
    // Spread over the second that they come from.
    for (const [i, request] of requests.entries())
      setTimeout(() => drawRequest(request), (i * 900) / requests.length);
  });
  source.addEventListener('error', () => {
    isLinked = false;
    checkLink();
    // A refused stream is not tried again by the browser itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  });
}

function showView(now: View): void {
  view = now;
  const { cluster, nodes } = now;
  byId('content').hidden = nodes.length === 0;
  nameNodes(nodes.map(({ node }) => node));
  showNodes(now, act);
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
    drawRing(await askRing(bucket.value));
    if (view !== undefined) drawNodes(view, found);
  } catch {
    ringOf = ''; // Tried again with the next view.
  }
}

async function lookUp(): Promise<void> {
  const asked = wanted;
  if (asked === undefined || document.hidden || !isLinked || view?.isConnected !== true) return;
  try {
    const answer = await askKey(asked.bucket, asked.key);
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

async function act(action: 'kill' | 'pause' | 'resume' | 'restart', node: string): Promise<void> {
  const said = byId('said');
  setText(said, `${action} ${node}…`);
  try {
    setText(said, await makeFault(action, node, byId<HTMLSelectElement>('part').value));
  } catch (error) {
    setText(said, `${action} ${node}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Says honestly what is shown: live, or what was seen last. */
function checkLink(): void {
  const silentMs = Date.now() - heardAt;
  const isLost = !isLinked || silentMs > SILENCE_MS;
  const isLive = !isLost && view?.isConnected === true;
  const pill = byId('link');
  setText(pill, isLive ? '● live' : isLost ? '✕ no server' : '✕ not connected');
  pill.className = `pill ${isLive ? 'ok' : 'bad'}`;
  document.body.classList.toggle('stale', !isLive);
  const banner = byId('banner');
  banner.hidden = isLive || (isLost && view === undefined && silentMs < 1500);
  if (banner.hidden) return;
  const [title, what, todo] = isLost ? lost(silentMs) : apart();
  if (banner.dataset['title'] === title && banner.dataset['what'] === what) return;
  Object.assign(banner.dataset, { title, what });
  banner.replaceChildren(html('h2', {}, title), html('p', {}, what), todo);
}

function lost(silentMs: number): [string, string, HTMLElement] {
  return [
    'The server of this page does not answer',
    `It was ${location.origin}, and was last heard ${age(silentMs)} ago. ${view === undefined ? '' : 'What is below is what it said then. '}The page tries again every second.`,
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
