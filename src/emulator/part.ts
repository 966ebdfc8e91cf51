// The processes of a node.

export const Part = { Bus: 'bus', Log: 'log', Replica: 'replica' } as const;
export type Part = (typeof Part)[keyof typeof Part];

export const parts: readonly Part[] = [Part.Bus, Part.Log, Part.Replica];

const titles: Record<Part, string> = { bus: 'bus server', log: 'log broker', replica: 'replica' };

/** `log` -> `log broker`. */
export function titleOf(part: Part): string {
  return titles[part];
}

export function isPart(value: unknown): value is Part {
  return parts.some(part => part === value);
}

/** `bus server, log broker and replica`. */
export function listOf(some: readonly Part[]): string {
  const names = some.map(titleOf);
  const last = names.pop() ?? 'nothing';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}
