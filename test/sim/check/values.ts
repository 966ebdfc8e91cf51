// Nothing is read that was not written: each version has one value, and somebody wrote it to that key.
import { byKey, type Operation, type Violation } from './history.js';
import { show } from './version.js';

export function valueViolations(operations: readonly Operation[]): Violation[] {
  const found: Violation[] = [];
  for (const [key, ops] of byKey(operations)) {
    const sent = new Set(ops.flatMap(op => (op.kind === 'put' ? (op.value ?? []) : [])));
    const known = new Map<string, string>();
    for (const { kind, outcome, version, value } of ops) {
      if (outcome !== 'ok' || version === null || value === undefined) continue;
      const name = show(version);
      const other = known.get(name);
      if (kind === 'get' && !sent.has(value))
        found.push({ rule: 'what is read was written', what: `key ${key}: nobody wrote ${value}` });
      if (other !== undefined && other !== value)
        found.push({
          rule: 'a version has one value',
          what: `key ${key}: ${name} is ${other} and ${value}`,
        });
      known.set(name, value);
    }
  }
  return found;
}
