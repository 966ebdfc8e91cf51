// Module hooks of a process that is to have a bug: change one file as it is loaded, and nothing on disk.
import type { InitializeHook, LoadHook } from 'node:module';
import { type Bug, compiledName, inject } from './bug.js';

let bug: Bug | undefined;

export const initialize: InitializeHook<Bug> = async given => {
  bug = given;
};

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (bug === undefined || !url.endsWith(`/${compiledName(bug.file)}`)) return loaded;
  const { source } = loaded;
  if (source === undefined || source === null) throw new Error(`${url} has no source`);
  const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString();
  return { ...loaded, source: inject(bug, text) };
};
