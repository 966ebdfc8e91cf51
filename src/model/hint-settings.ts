// How long, how much and how fast: what governs the hints of a node.
import type { HintPolicy, HintSettings } from '../wire/generated/types.js';

export const HINT_DEFAULTS: HintSettings = {
  windowMs: 3 * 60 * 60 * 1000,
  targetBytesMax: 256 * 1024 * 1024,
  bytesPerSecond: 16 * 1024 * 1024,
};

/** What was set at run time goes before what is configured, and that before the defaults. */
export function policyOf(
  configured: Partial<HintSettings>,
  { set, paused }: Pick<HintPolicy, 'set' | 'paused'> = { set: {}, paused: [] },
): HintPolicy {
  return { settings: { ...HINT_DEFAULTS, ...configured, ...set }, set, paused };
}

/** A setting to be changed; null for one that is to be as configured again. */
export type SettingChanges = { readonly [Name in keyof HintSettings]?: number | null | undefined };

export function changeSettings(set: HintPolicy['set'], changes: SettingChanges): HintPolicy['set'] {
  const changed: HintPolicy['set'] = { ...set };
  for (const name of ['windowMs', 'targetBytesMax', 'bytesPerSecond'] as const) {
    const value = changes[name];
    if (value === null) delete changed[name];
    else if (value !== undefined) changed[name] = value;
  }
  return changed;
}

/** Whether a hint stored then must not be delivered any more. */
export function isExpired(storedAtMs: number, nowMs: number, { windowMs }: HintSettings): boolean {
  return storedAtMs + windowMs < nowMs;
}
