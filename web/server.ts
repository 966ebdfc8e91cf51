// What the page asks of the server that it came from.
import type { Access, FaultRequest, KeyView, RingView } from '../dist/src/cli/dashboard/view.js';

const token = document.querySelector<HTMLMetaElement>('meta[name=dynats-token]')?.content ?? '';

export const askRing = (bucket: string): Promise<RingView> =>
  ask(`/api/ring?${new URLSearchParams({ bucket })}`);

export const askKey = (bucket: string, key: string): Promise<KeyView> =>
  ask(`/api/key?${new URLSearchParams({ bucket, key })}`);

/** With what the page may connect to the brokers. */
export const askAccess = (): Promise<Access> => ask('/api/access', { headers: { 'x-dynats-token': token } });

/** Resolves with one line that says what was done. */
export async function makeFault(fault: FaultRequest): Promise<string> {
  const { line } = await ask<{ line: string }>('/api/fault', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-dynats-token': token },
    body: JSON.stringify(fault),
  });
  return line;
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, init).catch(() => {
    throw new Error('the server of this page does not answer');
  });
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(body.error ?? `status ${response.status}`);
  return body;
}
